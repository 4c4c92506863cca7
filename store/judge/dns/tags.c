#include "store/judge/dns/tags.h"

#include "store/judge/dns/view.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice dns_tags_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = slice_from(s.ptr + 1, s.len - 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

void dns_tags_init(struct dns_tags *t, struct slice record)
{
	if (record.len > DNS_TEXT_MAX)
		record.len = DNS_TEXT_MAX;
	*t = (struct dns_tags){ .record = record };
}

bool dns_tags_next(struct dns_tags *t, struct dns_tag *ret)
{
	while (t->at < t->record.len) {
		struct slice left = slice_from(t->record.ptr + t->at, t->record.len - t->at);
		struct slice rest, value;
		struct slice piece = slice_cut(left, ';', &rest);

		t->at += piece.len + 1;
		piece = dns_tags_trim(piece);
		if (piece.len == 0)
			continue;
		ret->text = piece;
		ret->at = dns_offset(t->record, piece);
		ret->name = dns_tags_trim(slice_cut(piece, '=', &value));
		ret->value = dns_tags_trim(value);
		return true;
	}
	return false;
}
