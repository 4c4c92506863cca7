/* Connections are counted when they are accepted, and not for longer than they are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/base/limits.h"
#include "web/conns.h"

/* Numbers that are no descriptors of this process: nothing here is shut down. */
#define FIRST 5000

static void full_is_full_before_any_has_begun(void **state)
{
	struct conns *l = conns_open();

	(void)state;
	assert_non_null(l);
	for (int i = 0; i < CONN_MAX; i++) {
		assert_false(conns_full(l));
		assert_true(conns_accepted(l, FIRST + i));
	}
	assert_true(conns_full(l));
	conns_refused(l, FIRST + 7);
	assert_false(conns_full(l));
	conns_refused(l, FIRST + 7);
	assert_true(conns_accepted(l, FIRST + 7));
	assert_true(conns_full(l));
	conns_end(l, conns_begin(l, FIRST));
	assert_false(conns_full(l));
	conns_close(l);
}

static void one_that_never_began_is_counted_once(void **state)
{
	struct conns *l = conns_open();
	struct conn *c;

	(void)state;
	for (int i = 0; i < 2 * CONN_MAX; i++)
		assert_true(conns_accepted(l, FIRST));
	assert_false(conns_full(l));
	c = conns_begin(l, FIRST);
	assert_non_null(c);
	/* It has begun: the same number now is another one. */
	assert_null(conns_begin(l, FIRST));
	assert_true(conns_accepted(l, FIRST));
	assert_ptr_not_equal(conns_begin(l, FIRST), c);
	conns_close(l);
}

static void busy_is_any_that_answers(void **state)
{
	struct conns *l = conns_open();
	struct conn *a, *b;

	(void)state;
	assert_true(conns_accepted(l, FIRST) && conns_accepted(l, FIRST + 1));
	a = conns_begin(l, FIRST);
	b = conns_begin(l, FIRST + 1);
	assert_false(conns_busy(l));
	conns_mark(l, a, true);
	conns_mark(l, b, true);
	conns_mark(l, a, false);
	assert_true(conns_busy(l));
	conns_end(l, b);
	assert_false(conns_busy(l));
	conns_tick(l);
	conns_mark(l, NULL, true);
	conns_end(l, NULL);
	assert_false(conns_busy(l));
	conns_close(l);
	conns_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_is_full_before_any_has_begun),
		cmocka_unit_test(one_that_never_began_is_counted_once),
		cmocka_unit_test(busy_is_any_that_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
