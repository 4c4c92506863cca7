#include "store/sql.h"

#include <stdlib.h>

struct writer {
	struct store *st;
};

int writer_open(struct writer **ret, struct store *st, struct err *err)
{
	struct writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	w->st = st;
	*ret = w;
	return 0;
}

void writer_close(struct writer *w)
{
	free(w);
}
