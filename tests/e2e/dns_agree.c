/*
 * dns_agree: what store/judge/dns says, for 62-dns-agree.py to hold against other programs.
 * Usage: dns_agree ZONE-FILE <questions
 *
 * Questions are lines with tabs: "spf DOMAIN ADDRESS SENDER HELO" is answered by the result and the
 * number of why, "key RECORD" by type, state and size. The world is the zone file and nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "store/base/buf.h"
#include "store/judge/dns/dkim_key.h"
#include "store/judge/dns/spf_eval.h"
#include "store/judge/dns/zone.h"

static int read_world(const char *path, struct dns_set **ret, struct err *err)
{
	char bytes[4096];
	struct buf text;
	FILE *in = fopen(path, "r");
	size_t got;
	int rc;

	if (in == NULL)
		return err_set(err, ERR_USAGE, "cannot be opened");
	buf_init(&text, ZONE_BYTES_MAX);
	while ((got = fread(bytes, 1, sizeof bytes, in)) > 0)
		buf_add(&text, slice_from(bytes, got));
	(void)fclose(in);
	rc = dns_set_open(ret, DNS_SET_BYTES_MAX, err);
	if (rc == 0)
		rc = zone_read(*ret, SLICE_LIT(""), buf_slice(&text), err);
	buf_release(&text);
	return rc;
}

static void answer_spf(struct dns_view *view, struct slice rest)
{
	struct spf_query q = { .domain = slice_cut(rest, '\t', &rest) };
	struct spf_verdict v;

	if (!ip_parse(slice_cut(rest, '\t', &rest), &q.ip)) {
		puts("no address");
		return;
	}
	q.sender = slice_cut(rest, '\t', &q.helo);
	spf_check(view, &q, &v);
	printf("%s %d\n", spf_result_names[v.result], (int)v.why);
}

static void answer_key(struct slice text)
{
	struct dkim_key key;

	dkim_key_parse(text, &key);
	printf("%s %d %u\n", dkim_key_type_names[key.type], (int)key.state, key.bits);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;
	static char line[70000];

	if (argc != 2)
		return 2;
	if (read_world(argv[1], &set, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], err.text);
		dns_set_close(set);
		return 1;
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		struct slice rest, what = slice_of(line);

		if (what.len > 0 && what.ptr[what.len - 1] == '\n')
			what.len--;
		what = slice_cut(what, '\t', &rest);
		if (slice_equal(what, SLICE_LIT("spf")))
			answer_spf(dns_set_view(set), rest);
		else
			answer_key(rest);
	}
	dns_set_close(set);
	return 0;
}
