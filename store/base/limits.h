/*
 * limits: every bound of ruad, with its unit and its reason.
 *
 * Two suffixes, two behaviours: what crosses a _MAX is refused; what crosses a _KEEP is cut
 * at a character and the report carries a note that says so. Identity (a domain, an address,
 * a report id) is never cut. The same table stands in ruad(7); a test compares the two, and
 * another crosses each.
 */
#ifndef STORE_BASE_LIMITS_H
#define STORE_BASE_LIMITS_H

/* ---- mail ------------------------------------------------------------------------------- */

/* One message. A record's URI may ask for less (!10m, RFC 7489 6.2); no honest one is larger. */
#define MESSAGE_BYTES_MAX (64 * 1024 * 1024)
/* Multiparts and message/rfc822 around a report. Real forwards nest three deep. */
#define MIME_DEPTH_MAX 16
/* Leaf parts of one message. A report mail has two to four. */
#define MIME_PARTS_MAX 200
/* Lines of one message that look like headers, and like boundaries. GMime makes an object of each
 * while it reads: 10,000 headers are 5 MB. */
#define HEADER_LINES_MAX 10000
#define DASH_LINES_MAX 10000
/* One decoded attachment, held in memory because zip needs to seek. */
#define ATTACHMENT_BYTES_MAX (32 * 1024 * 1024)

/* ---- containers ------------------------------------------------------------------------- */

/* Files in one zip. Reporters send one, exports some dozens. */
#define ARCHIVE_ENTRIES_MAX 64
/* Containers inside containers (gzip in gzip, zip in gzip). */
#define ARCHIVE_DEPTH_MAX 2
/* Members of one gzip file (RFC 1952 2.2); reporters send one. */
#define GZIP_MEMBERS_MAX 100
/* Bytes all containers of one mail may give. 500,000 records are about 200 MB. */
#define UNPACKED_BYTES_MAX (1024LL * 1024 * 1024)
/* Output to input, judged once UNPACKED_RATIO_FROM bytes came out: honest reports reach 100:1. */
#define UNPACKED_RATIO_MAX 200
#define UNPACKED_RATIO_FROM (8LL * 1024 * 1024)

/* ---- XML -------------------------------------------------------------------------------- */

/* Nested elements; the schema needs 6. libxml2's own limit does not act on a SAX client. */
#define XML_DEPTH_MAX 32
/* Distinct names no standard has; each costs libxml2 more than the one before. */
#define XML_UNKNOWN_MAX 1000
/* Bytes between two parser events: one tag with 100,000 attributes takes seconds. */
#define XML_TOKEN_BYTES_MAX (64 * 1024)
/* Records of one report. The largest seen had 3,555; 500,000 must work. */
#define RECORDS_MAX 2000000
/* auth_results of one record (RFC 9990: at most 100 signatures) and its override reasons. */
#define AUTH_MAX 100
#define REASON_MAX 8
/* A domain name in presentation form (RFC 1035 2.3.4). */
#define DOMAIN_MAX 253
/* report_id; up to 64 characters were seen. */
#define REPORT_ID_MAX 1024
/* source_ip that is no address and is kept as text: nobody's address is longer than 45. */
#define SOURCE_TEXT_MAX 255
/* Messages in one row: a sum of 9 million such rows still fits 63 bits. */
#define COUNT_MAX 1000000000000LL
/* Days ahead of our clock at which a period may begin or end: time zones, clocks that are off. */
#define FUTURE_DAYS_MAX 2
/* Free text (comment, error, org_name, human_result, a token outside the vocabulary). */
#define TEXT_KEEP 1024
/* Unreadable records of a report remembered with position and reason; all are counted. */
#define UNREADABLE_KEEP 100

/* ---- run -------------------------------------------------------------------------------- */

/* Mails and milliseconds that may share one commit. */
#define BATCH_MAILS_MAX 1000
#define BATCH_MS_MAX 1000
/* Mails taken from the inbox and not judged yet, each with an open descriptor: enough to keep the
 * parse process busy, and a quarter of the 1024 descriptors a program usually may have. */
#define INBOX_AHEAD_MAX 256
/* Milliseconds without a byte from the parse process while a mail is at hand: it hangs. Generous,
 * for a slow machine: it only has to end what would never end. */
#define WORKER_SILENT_MS_MAX 60000
/* Bytes of one frame from the parse process. A record of AUTH_MAX results and REASON_MAX reasons
 * is the largest: 0.6 MiB. */
#define WIRE_FRAME_MAX (768 * 1024)
/* A cut mail younger than this many seconds may still be being written: deferred, not refused. */
#define YOUNG_SECONDS_MAX 60
/* A locked database is waited for this long before the run ends with "try again". */
#define BUSY_MS_MAX 10000

/* ---- what the owner says ---------------------------------------------------------------- */

/* Address ranges of one domain: each is compared with each address. */
#define OWN_NETWORKS_MAX 256

/* ---- the DNS ---------------------------------------------------------------------------- */

/* Questions one run asks for one domain, and milliseconds all of them together may take: an SPF
 * record needs 11, a domain with a dozen selectors 40. */
#define DNS_QUERIES_MAX 40
#define DNS_MS_MAX 5000
/* One answer: what a message over TCP can carry (RFC 1035 4.2.2). */
#define DNS_REPLY_BYTES_MAX 65535
/* Former answers kept of one domain, rows and bytes: others decide how often theirs change. */
#define DNS_HISTORY_KEEP 1000
#define DNS_HISTORY_BYTES_KEEP (4 * 1024 * 1024)
/* Addresses whose reverse names are asked for at once, milliseconds until the next ones are, and days
 * until an address is asked for again: a name that leads nowhere is remembered as well. */
#define DNS_REVERSE_MAX 12
#define DNS_REVERSE_PAUSE_MS 1000
#define DNS_REVERSE_DAYS_MAX 7
/* Ranges of addresses an SPF record and all it includes are flattened into, and bytes of the facts of
 * a domain while it is judged: what has more is judged without them. */
#define SPF_RANGES_MAX 4096
#define ASSESS_DNS_BYTES_MAX (6 * 1024 * 1024)
/* Days a fact stands while asking again fails or falls out of the bounds above. */
#define DNS_STALE_DAYS_MAX 30

/* ---- answers ---------------------------------------------------------------------------- */

/* Rows of one page of an answer. */
#define PAGE_ROWS_MAX 1000
/* Time one query may take. */
#define QUERY_MS_MAX 5000
/* Bytes of an answer over HTTP that is made whole: causes, records of the DNS, readiness. */
#define DOCUMENT_BYTES_MAX (16 * 1024 * 1024)
/* Values of a repeatable filter (domain=). */
#define FILTER_DOMAINS_MAX 64
/* HTTP: connections in all and from one address, bytes of a request's head and of its
 * body, seconds, changes a minute. */
#define CONN_MAX 512
#define CONN_PER_ADDRESS_MAX 128
#define REQUEST_BYTES_MAX (16 * 1024)
#define REQUEST_BODY_BYTES_MAX (16 * 1024)
/* Text of a refused mail that is read: a delivery report's front, where the answer stands. Over HTTP it
 * is a body. */
#define BOUNCE_BYTES_MAX (64 * 1024)
/* Bytes of an SPF record that is tried: no domain's is longer, and it fits an address line. */
#define WHATIF_SPF_MAX 4096
#define REQUEST_IDLE_SECONDS_MAX 10
#define REQUEST_SECONDS_MAX 30
#define CHANGES_PER_MINUTE_MAX 60

#endif
