#include "store/assess_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>
#include <stdlib.h>

#include "store/base/utf8.h"

/* libmaxminddb aborts on a look-up in a file that did not open: there is one only if it did. */
struct asn {
	MMDB_s file;
};

int asn_open(struct asn **ret, const char *path, struct err *err)
{
	struct asn *asn = calloc(1, sizeof *asn);
	struct err_quote q;
	int rc;

	if (asn == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	rc = MMDB_open(path, MMDB_MODE_MMAP, &asn->file);
	if (rc == MMDB_SUCCESS) {
		*ret = asn;
		return 0;
	}
	free(asn);
	if (rc == MMDB_FILE_OPEN_ERROR || rc == MMDB_IO_ERROR)
		return err_errno(err, ERR_USAGE, errno, "asn_database: %s",
			err_printable(&q, slice_of(path)));
	return err_set(err, rc == MMDB_OUT_OF_MEMORY_ERROR ? ERR_SHORTAGE : ERR_USAGE,
		"asn_database: %s: %s", err_printable(&q, slice_of(path)), MMDB_strerror(rc));
}

void asn_close(struct asn *asn)
{
	if (asn == NULL)
		return;
	MMDB_close(&asn->file);
	free(asn);
}

static MMDB_lookup_result_s look_up(const struct asn *asn, const struct ip *ip, int *ret_error)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { .any = { .sa_family = AF_UNSPEC } };

	if (ip->len == 4) {
		at.v4.sin_family = AF_INET;
		memcpy(&at.v4.sin_addr, ip->bytes, 4);
	} else {
		at.v6.sin6_family = AF_INET6;
		memcpy(&at.v6.sin6_addr, ip->bytes, 16);
	}
	return MMDB_lookup_sockaddr(&asn->file, &at.any, ret_error);
}

/* 64500 as a number, or as "AS64500". */
static int64_t number_of(const MMDB_entry_data_s *data)
{
	struct slice text;
	int64_t n;

	if (!data->has_data)
		return 0;
	if (data->type == MMDB_DATA_TYPE_UINT32)
		return data->uint32;
	if (data->type != MMDB_DATA_TYPE_UTF8_STRING)
		return 0;
	text = slice_from(data->utf8_string, data->data_size);
	if (slice_starts_fold(text, SLICE_LIT("AS")))
		text = slice_from(text.ptr + 2, text.len - 2);
	return slice_i64(text, 1, UINT32_MAX, &n) ? n : 0;
}

/* The field under one of the names its makers give it. */
static bool field(MMDB_entry_s *entry, const char *const names[2], MMDB_entry_data_s *ret)
{
	for (int i = 0; i < 2; i++) {
		const char *path[] = { names[i], NULL };

		if (MMDB_aget_value(entry, ret, path) == MMDB_SUCCESS && ret->has_data)
			return true;
	}
	return false;
}

bool asn_find(const struct asn *asn, const struct ip *ip, int64_t *ret, struct slice *ret_name)
{
	static const char *const numbers[] = { "autonomous_system_number", "asn" };
	static const char *const names[] = { "autonomous_system_organization", "as_name" };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int64_t n = 0;
	int error;

	found = look_up(asn, ip, &error);
	if (error != MMDB_SUCCESS || !found.found_entry)
		return false;
	if (field(&found.entry, numbers, &data))
		n = number_of(&data);
	if (n == 0)
		return false;
	*ret = n;
	*ret_name = SLICE_LIT("");
	if (field(&found.entry, names, &data) && data.type == MMDB_DATA_TYPE_UTF8_STRING &&
		utf8_valid(slice_from(data.utf8_string, data.data_size)))
		*ret_name = slice_from(data.utf8_string, data.data_size);
	return true;
}
