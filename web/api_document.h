/*
 * api_document: answers that are read whole and then written: why mail fails, what is wrong with
 * the records, may the policy go further. Their sets are those of ruad-query causes, dns and ready.
 */
#ifndef WEB_API_DOCUMENT_H
#define WEB_API_DOCUMENT_H

#include "web/api.h"

/* The document of an answer, in the format that is asked for. The caller ends and closes it. */
int api_begin(
	const struct request *req, struct response *res, struct emit **ret, struct err *err);

web_handler api_dns;	/* what the record checker says of the facts in the store */
web_handler api_causes;	/* ranked, with their cards */
web_handler api_ready;	/* the verdict, its checks, who would be affected */

#endif
