#include "store/judge/dns/view.h"

#include <stdio.h>

#include "store/base/limits.h"

#define LABEL_MAX 63

const char *const dns_type_names[DNS_TYPE_COUNT] = {
	[DNS_A] = "A",
	[DNS_AAAA] = "AAAA",
	[DNS_CNAME] = "CNAME",
	[DNS_MX] = "MX",
	[DNS_NS] = "NS",
	[DNS_PTR] = "PTR",
	[DNS_SOA] = "SOA",
	[DNS_SPF] = "SPF",
	[DNS_TXT] = "TXT",
	[DNS_OTHER] = "other",
};

const uint16_t dns_type_numbers[DNS_TYPE_COUNT] = {
	[DNS_A] = 1,
	[DNS_AAAA] = 28,
	[DNS_CNAME] = 5,
	[DNS_MX] = 15,
	[DNS_NS] = 2,
	[DNS_PTR] = 12,
	[DNS_SOA] = 6,
	[DNS_SPF] = 99,
	[DNS_TXT] = 16,
};

const char *const dns_status_names[DNS_STATUS_COUNT] = {
	[DNS_UNKNOWN] = "unknown",
	[DNS_FOUND] = "found",
	[DNS_NODATA] = "nodata",
	[DNS_NXDOMAIN] = "nxdomain",
	[DNS_FAILED] = "failed",
};

void dns_find(struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	*ret = (struct dns_answer){ .status = DNS_NXDOMAIN };
	if (dns_name_valid(name))
		view->find(view, name, type, ret);
}

bool dns_name_valid(struct slice key)
{
	size_t label = 0;

	if (key.len == 0 || key.len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < key.len; i++) {
		if (key.ptr[i] == '\0')
			return false;
		if (key.ptr[i] != '.') {
			label++;
			continue;
		}
		if (label == 0 || label > LABEL_MAX)
			return false;
		label = 0;
	}
	return label > 0 && label <= LABEL_MAX;
}

struct slice dns_name_under(const char *prefix, struct slice parent, char dst[DOMAIN_KEY_MAX])
{
	size_t len = strlen(prefix);

	if (len + 1 + parent.len > DOMAIN_MAX)
		return SLICE_ABSENT;
	memcpy(dst, prefix, len);
	dst[len++] = '.';
	memcpy(dst + len, parent.ptr, parent.len);
	len += parent.len;
	dst[len] = '\0';
	return slice_from(dst, len);
}

struct slice dns_name_parent(struct slice key)
{
	struct slice rest;

	(void)slice_cut(key, '.', &rest);
	return rest;
}

size_t dns_name_labels(struct slice key)
{
	size_t n = key.len > 0;

	for (size_t i = 0; i < key.len; i++)
		n += key.ptr[i] == '.';
	return n;
}

struct slice dns_name_reverse(const struct ip *ip, char dst[DOMAIN_KEY_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;

	if (ip->len == 4) {
		int n = snprintf(dst, DOMAIN_KEY_MAX, "%u.%u.%u.%u.in-addr.arpa", ip->bytes[3],
			ip->bytes[2], ip->bytes[1], ip->bytes[0]);

		return slice_from(dst, (size_t)n);
	}
	for (unsigned i = 0; i < 16; i++) {
		uint8_t byte = ip->bytes[15 - i];

		dst[len++] = digits[byte & 15];
		dst[len++] = '.';
		dst[len++] = digits[byte >> 4];
		dst[len++] = '.';
	}
	memcpy(dst + len, "ip6.arpa", sizeof "ip6.arpa");
	return slice_from(dst, len + sizeof "ip6.arpa" - 1);
}
