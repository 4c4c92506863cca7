/*
 * suggest: the record to publish next, and the form DNS panels want it in.
 */
#ifndef STORE_JUDGE_DNS_SUGGEST_H
#define STORE_JUDGE_DNS_SUGGEST_H

#include "store/base/buf.h"
#include "store/judge/dns/dkim_key.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/spf.h"

struct spf_wish {
	/* The records there are now, merged into one (S02); repaired where what was meant is plain:
	 * quotes, "v=spf1;", blanks in front. None: a new record. */
	const struct slice *records;
	size_t records_len;
	const struct ip *add;		/* addresses to authorise: ip4: or ip6: each */
	size_t add_len;
	const struct slice *include;	/* names to include */
	size_t include_len;
	/* Terms to leave out, as they are written in the record (their text). */
	const struct slice *drop;
	size_t drop_len;
	const char *all;		/* "~all", "-all"; NULL: keep, or "~all" where there is none */
};

/*
 * Writes the record to `to` (cleared first): terms in their order, each once, new ones before "all",
 * nothing after "all". Faulty terms are left out. "v=spf1 -all" for nothing at all.
 */
void spf_suggest(const struct spf_wish *wish, struct buf *to);

struct dmarc_wish {
	struct slice record;		/* as it is now, absent for a new one */
	enum dmarc_policy p;		/* DMARC_ABSENT: keep; none where there is none */
	enum dmarc_policy sp, np;	/* DMARC_ABSENT: keep */
	struct slice report_address;	/* added to rua= if it is not there; absent: nothing */
	bool relaxed;			/* adkim and aspf are left out: relaxed */
	bool drop_sp;			/* sp= is left out: p= counts for subdomains too */
	bool keep_testing;		/* else t=y goes */
	bool drop_ruf, drop_psd;	/* ruf= and fo=, psd= are left out */
};

/*
 * Writes the record to `to` (cleared first): v, p first, then what was there and is still of use.
 * pct, rf, ri, unknown tags, bad values and "!size" go; "mailto:" is put in front of bare
 * addresses; fo goes without ruf.
 */
void dmarc_suggest(const struct dmarc_wish *wish, struct buf *to);

struct dkim_wish {
	struct slice record;	/* a key as it is now */
	bool drop_testing, drop_strict;	/* y, s leave t= */
};

/*
 * Writes the key to `to` (cleared first): v=DKIM1 first, then what was there and is of use. h= that
 * does not allow sha256 and s= that does not allow e-mail go.
 */
void dkim_suggest(const struct dkim_wish *wish, struct buf *to);

/* "..." "..." with strings of at most DNS_STRING_MAX bytes, quotes and backslashes escaped: what a
 * zone file and the panels that ask for strings take. Appends. */
void dns_strings(struct slice value, struct buf *to);
/*
 * The name as a panel of the zone wants it: "@" for the zone itself, "_dmarc" for
 * "_dmarc.example.com"; the name itself where it does not lie in the zone. A slice of `name`, or
 * static.
 */
struct slice dns_panel_name(struct slice name, struct slice zone);

#endif
