#include "store/judge/dns/key_size.h"

#include <nettle/asn1.h>
#include <nettle/base64.h>

/* 1.2.840.113549.1.1.1, rsaEncryption (RFC 8017 A.1). */
static const uint8_t rsa_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };

bool key_decode(struct slice base64, uint8_t *dst, size_t cap, size_t *ret)
{
	struct base64_decode_ctx ctx;
	size_t len = 0;

	base64_decode_init(&ctx);
	for (size_t i = 0; i < base64.len; i++) {
		uint8_t byte;
		int got = base64_decode_single(&ctx, &byte, base64.ptr[i]);

		if (got < 0 || (got > 0 && len == cap))
			return false;
		if (got > 0)
			dst[len++] = byte;
	}
	if (base64_decode_final(&ctx) == 0)
		return false;
	*ret = len;
	return true;
}

static unsigned integer_bits(const struct asn1_der_iterator *i)
{
	const uint8_t *byte = i->data;
	size_t len = i->length;
	unsigned bits;

	/* A first byte with its top bit set is a negative number: no modulus. */
	if (len == 0 || (byte[0] & 0x80) != 0)
		return 0;
	while (len > 0 && *byte == 0) {
		byte++;
		len--;
	}
	if (len == 0)
		return 0;
	bits = (unsigned)(len - 1) * 8;
	for (unsigned top = *byte; top > 0; top >>= 1)
		bits++;
	return bits;
}

/* SEQUENCE { INTEGER n, INTEGER e }, with the iterator inside of it. */
static unsigned modulus_bits(struct asn1_der_iterator *i)
{
	unsigned bits;

	if (i->type != ASN1_INTEGER)
		return 0;
	bits = integer_bits(i);
	if (asn1_der_iterator_next(i) != ASN1_ITERATOR_PRIMITIVE || i->type != ASN1_INTEGER ||
		integer_bits(i) < 2)
		return 0;
	return asn1_der_iterator_next(i) == ASN1_ITERATOR_END ? bits : 0;
}

static bool is_rsa(struct asn1_der_iterator *algorithm)
{
	struct asn1_der_iterator i;

	return asn1_der_decode_constructed(algorithm, &i) == ASN1_ITERATOR_PRIMITIVE &&
	       i.type == ASN1_IDENTIFIER && i.length == sizeof rsa_oid &&
	       memcmp(i.data, rsa_oid, sizeof rsa_oid) == 0;
}

/* nettle's iterator reads the first element and does not mind what follows the outermost one. */
static bool is_alone(const struct asn1_der_iterator *i, size_t len)
{
	return (size_t)(i->data - i->buffer) + i->length == len;
}

unsigned key_rsa_bits(const uint8_t *der, size_t len)
{
	struct asn1_der_iterator outer, i;

	if (asn1_der_iterator_first(&outer, len, der) != ASN1_ITERATOR_CONSTRUCTED ||
		outer.type != ASN1_SEQUENCE || !is_alone(&outer, len))
		return 0;
	switch (asn1_der_decode_constructed(&outer, &i)) {
	case ASN1_ITERATOR_PRIMITIVE:
		return modulus_bits(&i); /* RSAPublicKey alone */
	case ASN1_ITERATOR_CONSTRUCTED:
		break;
	case ASN1_ITERATOR_ERROR:
	case ASN1_ITERATOR_END:
		return 0;
	}
	if (i.type != ASN1_SEQUENCE || !is_rsa(&i) ||
		asn1_der_iterator_next(&i) != ASN1_ITERATOR_PRIMITIVE || i.type != ASN1_BITSTRING ||
		asn1_der_decode_bitstring_last(&i) != ASN1_ITERATOR_CONSTRUCTED ||
		i.type != ASN1_SEQUENCE ||
		asn1_der_decode_constructed_last(&i) != ASN1_ITERATOR_PRIMITIVE)
		return 0;
	return modulus_bits(&i);
}
