/*
 * dmarc_xml: an aggregate report's XML, streamed into a sink.
 *
 * The only file that includes libxml2 (SAX2, pushed 64 KiB at a time, no tree). Elements are matched by
 * local name in any order, unknown ones skipped and counted; the grammar is a table. Every DOCTYPE
 * is refused. Nothing grows with the report: one record is filled again and again. Bytes are handed
 * to sink->original as they come. Meaning is verify's business: here a field is text.
 */
#ifndef INGEST_DMARC_XML_H
#define INGEST_DMARC_XML_H

#include "ingest/kind.h"

bool dmarc_xml_sniff(struct slice head);
int dmarc_xml_parse(struct reader *in, struct report_sink *to, struct parse_context *context,
	struct err *err);

/* The library's version, for --version. */
const char *dmarc_xml_version(void);

#endif
