#include "store/base/ip.h"

#include <arpa/inet.h>

static bool parse_v4(struct slice s, uint8_t out[4])
{
	struct slice rest = s;

	for (int i = 0; i < 4; i++) {
		uint64_t octet;
		struct slice part;

		if (slice_absent(rest))
			return false;
		part = slice_cut(rest, '.', &rest);
		if (part.len > 3 || !slice_u64(part, 255, &octet))
			return false;
		out[i] = (uint8_t)octet;
	}
	return slice_absent(rest);
}

bool ip_parse(struct slice s, struct ip *ret)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct ip ip = { { 0 }, 0 };
	char text[IP_TEXT_MAX];

	if (s.len == 0 || s.len >= sizeof text)
		return false;
	if (parse_v4(s, ip.bytes)) {
		ip.len = 4;
		*ret = ip;
		return true;
	}
	if (memchr(s.ptr, '\0', s.len) != NULL)
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET6, text, ip.bytes) != 1)
		return false;
	ip.len = 16;
	if (memcmp(ip.bytes, mapped, sizeof mapped) == 0) {
		struct ip v4 = { { 0 }, 4 };

		memcpy(v4.bytes, ip.bytes + 12, 4);
		ip = v4;
	}
	*ret = ip;
	return true;
}

bool ip_net_parse(struct slice s, struct ip_net *ret)
{
	struct ip_net net = { .bits = 0 };
	struct slice bits_text, address = slice_cut(s, '/', &bits_text);
	uint64_t bits;

	if (!ip_parse(address, &net.first))
		return false;
	bits = (uint64_t)net.first.len * 8;
	if (!slice_absent(bits_text) && !slice_u64(bits_text, bits, &bits))
		return false;
	net.bits = (uint8_t)bits;
	net.last = net.first;
	for (size_t i = 0; i < net.first.len; i++) {
		size_t from = i * 8;
		uint8_t mask = 0xff; /* host bits of this byte */

		if (bits >= from + 8)
			mask = 0;
		else if (bits > from)
			mask = (uint8_t)(0xff >> (bits - from));
		if ((net.first.bytes[i] & mask) != 0)
			return false;
		net.last.bytes[i] |= mask;
	}
	*ret = net;
	return true;
}

bool ip_from_bytes(struct slice s, struct ip *ret)
{
	struct ip ip = { { 0 }, 0 };

	if (s.len != 4 && s.len != 16)
		return false;
	memcpy(ip.bytes, s.ptr, s.len);
	ip.len = (uint8_t)s.len;
	*ret = ip;
	return true;
}

const char *ip_text(const struct ip *ip, char dst[IP_TEXT_MAX])
{
	dst[0] = '\0';
	if (ip->len != 0)
		(void)inet_ntop(ip->len == 4 ? AF_INET : AF_INET6, ip->bytes, dst, IP_TEXT_MAX);
	return dst;
}

bool ip_net_has(const struct ip_net *net, const struct ip *ip)
{
	return ip->len == net->first.len && memcmp(ip->bytes, net->first.bytes, ip->len) >= 0 &&
	       memcmp(ip->bytes, net->last.bytes, ip->len) <= 0;
}
