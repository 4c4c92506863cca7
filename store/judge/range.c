#include "store/judge/range.h"

#include <stdio.h>

/* The decimals a threshold may have: a percentage to the thousandth is finer than anyone asks. */
#define FRACTION_DIGITS_MAX 6
#define WHOLE_MAX           1000000000000u

static const struct {
	char letter;
	double seconds;
} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

static bool fraction(struct slice digits, double *ret)
{
	double scale = 1;

	*ret = 0;
	if (digits.len == 0 || digits.len > FRACTION_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		scale /= 10;
		*ret += scale * (digits.ptr[i] - '0');
	}
	return true;
}

/* "97", "99.5", "-3"; with a unit where that means something. */
static bool number(struct slice s, bool times, double *ret)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	double scale = 1, part = 0;
	struct slice rest, whole;
	uint64_t n;

	if (negative)
		s = slice_from(s.ptr + 1, s.len - 1);
	for (size_t i = 0; times && s.len > 0 && i < sizeof units / sizeof *units; i++) {
		if (s.ptr[s.len - 1] == units[i].letter) {
			scale = units[i].seconds;
			s.len--;
			break;
		}
	}
	whole = slice_cut(s, '.', &rest);
	if (!slice_u64(whole, WHOLE_MAX, &n) || (rest.ptr != NULL && !fraction(rest, &part)))
		return false;
	*ret = ((double)n + part) * scale;
	if (negative)
		*ret = -*ret;
	return true;
}

static void write_number(char *dst, size_t cap, bool none, double value, const char *word)
{
	if (none)
		(void)snprintf(dst, cap, "%s", word);
	else
		(void)snprintf(dst, cap, "%.10g", value);
}

/* What a monitor reads has numbers only: units are gone, the form is the shortest. */
static void write_text(struct range *r)
{
	char low[24], high[24];

	write_number(low, sizeof low, r->no_low, r->low, "~");
	write_number(high, sizeof high, r->no_high, r->high, "");
	if (!r->no_low && r->low <= 0 && r->low >= 0 && !r->no_high)
		(void)snprintf(r->text, sizeof r->text, "%s%s", r->inside ? "@" : "", high);
	else
		(void)snprintf(r->text, sizeof r->text, "%s%s:%s", r->inside ? "@" : "", low, high);
}

bool range_parse(struct slice s, bool times, struct range *ret)
{
	struct range r = { .set = true };
	struct slice low, high;

	if (s.len == 0 || s.len >= RANGE_TEXT_MAX)
		return false;
	if (s.ptr[0] == '@') {
		r.inside = true;
		s = slice_from(s.ptr + 1, s.len - 1);
	}
	low = slice_cut(s, ':', &high);
	if (slice_absent(high)) {
		if (!number(low, times, &r.high) || r.high < 0)
			return false;
	} else {
		r.no_low = slice_equal(low, SLICE_LIT("~"));
		r.no_high = high.len == 0;
		if (!r.no_low && low.len > 0 && !number(low, times, &r.low))
			return false;
		if (!r.no_high && !number(high, times, &r.high))
			return false;
		if (!r.no_low && !r.no_high && r.low > r.high)
			return false;
	}
	write_text(&r);
	*ret = r;
	return true;
}

bool range_alarms(const struct range *r, double value)
{
	bool outside;

	if (!r->set)
		return false;
	outside = (!r->no_low && value < r->low) || (!r->no_high && value > r->high);
	return outside != r->inside;
}
