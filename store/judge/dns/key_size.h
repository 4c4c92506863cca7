/*
 * key_size: the modulus of a public key in base64 (nettle, and its reader of DER).
 */
#ifndef STORE_JUDGE_DNS_KEY_SIZE_H
#define STORE_JUDGE_DNS_KEY_SIZE_H

#include "store/base/slice.h"

/* Blanks and line ends are skipped (FWS). False: not base64, or longer than `cap` decoded. */
bool key_decode(struct slice base64, uint8_t *dst, size_t cap, size_t *ret);
/* Bits of the modulus in a SubjectPublicKeyInfo of rsaEncryption, or in a bare RSAPublicKey
 * (RFC 6376 allows both readings). 0: neither, or something is left over or cut off. */
unsigned key_rsa_bits(const uint8_t *der, size_t len);

#endif
