#include "store/assess_parts.h"

#include <assert.h>
#include <stdlib.h>

/* Some dozens make up most of a domain's mail; a great one has thousands. */
#define TRAITS 1024
/* Of their texts: some hundred each, unless somebody makes them long. */
#define TEXTS_BYTES (512 * 1024)

int assess_traits_open(struct assess *a, struct err *err)
{
	a->traits = calloc(TRAITS, sizeof *a->traits);
	if (a->traits == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	for (unsigned i = 0; i < TRAITS; i++)
		buf_init(&a->traits[i].text, TRAIT_TEXT_BYTES);
	return 0;
}

void assess_traits_close(struct assess *a)
{
	for (unsigned i = 0; a->traits != NULL && i < TRAITS; i++)
		buf_release(&a->traits[i].text);
	free(a->traits);
}

void assess_traits_forget(struct assess *a)
{
	for (unsigned i = 0; i < TRAITS; i++)
		a->traits[i].id = 0;
}

static void release(struct assess *a)
{
	for (unsigned i = 0; i < TRAITS; i++) {
		a->traits[i].id = 0;
		buf_release(&a->traits[i].text);
		buf_init(&a->traits[i].text, TRAIT_TEXT_BYTES);
	}
	a->traits_bytes = 0;
}

/* Texts are gathered first and pointed to when the buffer moves no more: until then a slice holds
 * the offset where a pointer will be. */
static struct slice keep(void *arg, struct slice s)
{
	struct buf *text = arg;
	size_t at = text->len;

	if (slice_absent(s))
		return SLICE_ABSENT;
	buf_add(text, s);
	/* One more than the offset, so that it differs from an absent one. */
	return slice_from((const char *)(uintptr_t)(at + 1), s.len);
}

static void point(const struct buf *text, struct slice *s)
{
	if (!slice_absent(*s))
		s->ptr = buf_slice(text).ptr + ((uintptr_t)s->ptr - 1);
}

int assess_trait(struct assess *a, int64_t id, const struct assess_trait **ret, struct err *err)
{
	struct assess_trait *t = &a->traits[(uint64_t)id % TRAITS];
	size_t had;
	int rc;

	assert(id > 0);
	*ret = t;
	if (t->id == id)
		return 0;
	if (a->traits_bytes > TEXTS_BYTES)
		release(a);
	t->id = 0;
	buf_clear(&t->text);
	had = t->text.cap;
	rc = trait_read(a->st, id, &t->trait, t->keys, keep, &t->text, err);
	a->traits_bytes += t->text.cap - had;
	if (rc < 0)
		return -1;
	if (buf_failed(&t->text))
		return err_set(err, ERR_SHORTAGE, "no memory for a trait");
	point(&t->text, &t->trait.spf_domain);
	point(&t->text, &t->trait.other_dkim);
	for (unsigned i = 0; i < t->trait.signatures_len; i++) {
		point(&t->text, &t->trait.signatures[i].domain);
		point(&t->text, &t->trait.signatures[i].selector);
	}
	t->passes = class_passes(&t->trait);
	t->id = id;
	return 0;
}
