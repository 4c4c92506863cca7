#include "store/asn.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 128

struct asn {
	MMDB_s db;
	bool open; /* to look up in one that is not aborts the program */
	char name[NAME_BYTES_MAX + 1];
};

int asn_open(struct asn **ret, const char *path, struct err *err)
{
	struct asn *a = calloc(1, sizeof *a);
	int status;

	if (a == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	status = MMDB_open(path, MMDB_MODE_MMAP, &a->db);
	if (status != MMDB_SUCCESS) {
		asn_close(a);
		return err_set(err, ERR_USAGE, "%s: %s", path, MMDB_strerror(status));
	}
	a->open = true;
	*ret = a;
	return 0;
}

void asn_close(struct asn *a)
{
	if (a == NULL)
		return;
	if (a->open)
		MMDB_close(&a->db);
	free(a);
}

static void as_socket(const struct ip *ip, struct sockaddr_storage *dst)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)dst;
	struct sockaddr_in *four = (struct sockaddr_in *)dst;

	memset(dst, 0, sizeof *dst);
	if (ip->len == 4) {
		four->sin_family = AF_INET;
		memcpy(&four->sin_addr, ip->bytes, 4);
	} else {
		six->sin6_family = AF_INET6;
		memcpy(&six->sin6_addr, ip->bytes, 16);
	}
}

/* A number, or text like "AS13335". */
static int64_t number_of(const MMDB_entry_data_s *data)
{
	struct slice text;
	int64_t n = 0;

	if (data->type == MMDB_DATA_TYPE_UINT32)
		return data->uint32;
	if (data->type != MMDB_DATA_TYPE_UTF8_STRING)
		return 0;
	text = slice_from(data->utf8_string, data->data_size);
	if (slice_starts_fold(text, SLICE_LIT("AS")))
		text = slice_from(text.ptr + 2, text.len - 2);
	return slice_i64(text, 1, UINT32_MAX, &n) ? n : 0;
}

static bool value_of(MMDB_lookup_result_s *found, const char *key, MMDB_entry_data_s *ret)
{
	const char *const path[] = { key, NULL };

	return MMDB_aget_value(&found->entry, ret, path) == MMDB_SUCCESS && ret->has_data;
}

static struct slice name_of(struct asn *a, MMDB_lookup_result_s *found)
{
	static const char *const keys[] = { "autonomous_system_organization", "as_name", "name" };
	MMDB_entry_data_s data;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t len;

		if (!value_of(found, keys[i], &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING)
			continue;
		len = data.data_size < NAME_BYTES_MAX ? data.data_size : NAME_BYTES_MAX;
		memcpy(a->name, data.utf8_string, len);
		a->name[len] = '\0';
		return slice_from(a->name, len);
	}
	return SLICE_ABSENT;
}

int64_t asn_find(struct asn *a, const struct ip *ip, struct slice *ret_name)
{
	static const char *const keys[] = { "autonomous_system_number", "asn" };
	struct sockaddr_storage address;
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int64_t number = 0;
	int status;

	*ret_name = SLICE_ABSENT;
	if (ip->len == 0)
		return 0;
	as_socket(ip, &address);
	found = MMDB_lookup_sockaddr(&a->db, (const struct sockaddr *)&address, &status);
	if (status != MMDB_SUCCESS || !found.found_entry)
		return 0;
	for (size_t i = 0; i < sizeof keys / sizeof *keys && number == 0; i++) {
		if (value_of(&found, keys[i], &data))
			number = number_of(&data);
	}
	if (number != 0)
		*ret_name = name_of(a, &found);
	return number;
}
