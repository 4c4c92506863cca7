/*
 * embed: files as one C table, at build time.
 *
 *	embed SYMBOL OUT.c FILE...
 *
 * The symbol is named by the caller: two tables of one name would link without an error and hand
 * one program the other's bytes. See store/embedded.h for the table's type.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static unsigned long long hash_of(unsigned long long hash, int c)
{
	return (hash ^ (unsigned long long)c) * 1099511628211ULL; /* FNV-1a, 64 bits */
}

static int embed_file(FILE *out, const char *symbol, int index, const char *path,
	unsigned long long *hash, unsigned long *size)
{
	FILE *in = fopen(path, "rb");
	int c;

	if (in == NULL) {
		perror(path);
		return -1;
	}
	*hash = 14695981039346656037ULL;
	*size = 0;
	(void)fprintf(out, "static const unsigned char %s_%d[] = {", symbol, index);
	while ((c = getc(in)) != EOF) {
		(void)fprintf(out, "%s%d,", *size % 24 == 0 ? "\n" : "", c);
		*hash = hash_of(*hash, c);
		++*size;
	}
	(void)fprintf(out, "\n0 };\n");
	(void)fclose(in);
	return 0;
}

int main(int argc, char **argv)
{
	struct {
		unsigned long long hash;
		unsigned long size;
	} * files;
	FILE *out;
	int ret = 0;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: embed SYMBOL OUT.c FILE...\n");
		return 64;
	}
	out = fopen(argv[2], "wb");
	if (out == NULL) {
		perror(argv[2]);
		return 74;
	}
	(void)fprintf(out, "#include \"store/embedded.h\"\n");
	files = calloc((size_t)argc, sizeof *files);
	if (files == NULL) {
		ret = 71;
		goto out;
	}
	for (int i = 3; i < argc; i++) {
		if (embed_file(out, argv[1], i, argv[i], &files[i].hash, &files[i].size) < 0) {
			ret = 66;
			goto out;
		}
	}
	(void)fprintf(out, "extern const struct embedded %s[];\nconst struct embedded %s[] = {\n",
		argv[1], argv[1]);
	for (int i = 3; i < argc; i++)
		(void)fprintf(out, "\t{ \"%s\", (const char *)%s_%d, %lu, \"%016llx\" },\n",
			base_name(argv[i]), argv[1], i, files[i].size, files[i].hash);
	(void)fprintf(out, "\t{ 0, 0, 0, 0 },\n};\n");
out:
	free(files);
	if (fclose(out) != 0 && ret == 0)
		ret = 74;
	return ret;
}
