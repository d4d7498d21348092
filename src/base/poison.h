/* Included before everything else (see meson.build): the calls that cannot be bounded do not
 * compile. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#pragma GCC poison sprintf vsprintf strcpy strcat gets strtok
