#include "store/judge/dns/rule.h"

const char *const dns_severity_names[DNS_SEVERITY_COUNT] = {
	[DNS_ERROR] = "error",
	[DNS_WARNING] = "warning",
	[DNS_INFO] = "info",
};

/* A text: severity, message en, es, advice en, es. */
#define T(sev, en, es, fix_en, fix_es)                                                             \
	{                                                                                          \
		DNS_##sev, { en, es },                                                             \
		{                                                                                  \
			fix_en, fix_es                                                             \
		}                                                                                  \
	}
#define R1(id, ref, seen, a)       [DNS_RULE_##id] = { #id, ref, seen, 1, { a } }
#define R2(id, ref, seen, a, b)    [DNS_RULE_##id] = { #id, ref, seen, 2, { a, b } }
#define R3(id, ref, seen, a, b, c) [DNS_RULE_##id] = { #id, ref, seen, 3, { a, b, c } }

const struct dns_rule_info dns_rules[DNS_RULE_COUNT] = {
#include "store/judge/dns/rule_spf.h"
#include "store/judge/dns/rule_dkim.h"
#include "store/judge/dns/rule_dmarc.h"
};

enum dns_rule dns_rule_find(struct slice id)
{
	unsigned i = 0;

	while (i < DNS_RULE_COUNT && !slice_equal_fold(id, slice_of(dns_rules[i].id)))
		i++;
	return (enum dns_rule)i;
}
