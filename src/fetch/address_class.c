#include "fetch/address_class.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct block4 {
    uint32_t first;
    int bits;
};

static const struct block4 inner4[] = {
    {0x00000000, 8},  /* 0.0.0.0: this host */
    {0x0A000000, 8},  /* 10.0.0.0: private */
    {0x64400000, 10}, /* 100.64.0.0: shared by carriers */
    {0x7F000000, 8},  /* 127.0.0.0: loopback */
    {0xA83F8110, 32}, /* 168.63.129.16: the host of a virtual machine at Azure, though public */
    {0xA9FE0000, 16}, /* 169.254.0.0: link-local, metadata servers */
    {0xAC100000, 12}, /* 172.16.0.0: private */
    {0xC0000000, 24}, /* 192.0.0.0: protocols */
    {0xC0000200, 24}, /* 192.0.2.0: documentation */
    {0xC0586300, 24}, /* 192.88.99.0: 6to4 relays, retired */
    {0xC0A80000, 16}, /* 192.168.0.0: private */
    {0xC6120000, 15}, /* 198.18.0.0: benchmarks */
    {0xC6336400, 24}, /* 198.51.100.0: documentation */
    {0xCB007100, 24}, /* 203.0.113.0: documentation */
    {0xE0000000, 4},  /* 224.0.0.0: multicast */
    {0xF0000000, 4},  /* 240.0.0.0: reserved, broadcast */
};

static bool public4(uint32_t address) {
    for (size_t i = 0; i < sizeof inner4 / sizeof inner4[0]; i++)
        if ((address ^ inner4[i].first) >> (32 - inner4[i].bits) == 0)
            return false;
    return true;
}

static uint32_t read4(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool begins(const uint8_t *address, const char *prefix, size_t size) {
    return memcmp(address, prefix, size) == 0;
}

static bool public6(const uint8_t *address) {
    static const char mapped[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff", nat64[] = "\0\x64\xff\x9b";
    if (begins(address, mapped, 12))
        return public4(read4(address + 12));
    if (begins(address, nat64, 4))
        return begins(address + 4, mapped, 8) && public4(read4(address + 12));
    if (begins(address, "\x20\x02", 2)) /* 6to4 */
        return public4(read4(address + 2));
    if (begins(address, "\x20\x01", 2) &&
        address[2] < 2) /* Teredo, ORCHID and others of 2001::/23 */
        return false;
    if (begins(address, "\x20\x01\x0d\xb8", 4) ||
        (begins(address, "\x3f\xff", 2) && address[2] < 0x10))
        return false;                   /* documentation */
    return (address[0] & 0xE0) == 0x20; /* 2000::/3 is what is handed out; the rest is special */
}

bool address_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET)
        return public4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return public6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}

bool address_text_is_public(const char *text) {
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, text, &four) == 1)
        return public4(ntohl(four.s_addr));
    return inet_pton(AF_INET6, text, &six) == 1 && public6(six.s6_addr);
}
