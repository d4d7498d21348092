/* Which addresses are of the public internet. Private to fetch/. */
#pragma once
#include <stdbool.h>
struct sockaddr;

/* False for all that the special-purpose registries of IANA (RFC 6890 and its successors) keep from
 * the public net: this host, private and shared networks, link-local with the clouds' metadata
 * servers, documentation, benchmarks, multicast, reserved; and for IPv6 addresses that hold such an
 * IPv4 one (mapped, compatible, 6to4, NAT64, Teredo). False for other families. */
bool address_is_public(const struct sockaddr *address);
/* The same for an address as text, without brackets or zone; false where it is none. */
bool address_text_is_public(const char *text);
