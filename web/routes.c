#include "web/api.h"
#include "web/api_ask.h"
#include "web/api_check.h"
#include "web/api_document.h"
#include "web/asset.h"
#include "web/change.h"
#include "web/metrics.h"
#include "web/page.h"

/*
 * Every address there is. One that is written out stands before one with {...} that it would
 * match as well.
 *
 * A list takes the parameters of its kind (ROUTE_KIND: store/query.h knows them), so only what
 * is not the question's own is named here.
 */

/* What narrows the rows of every question about facts. */
#define PAGE_ROWS                                                                                  \
	"header_from reporter source group service class result disposition last from to "         \
	"verified without_twins"
/* And of those about one source. */
#define SOURCE_ROWS                                                                                \
	"header_from reporter source class result disposition last from to verified without_twins"
#define PAGE_FACTS "subdomains " PAGE_ROWS
#define FACTS      "domain scope " PAGE_FACTS

#define PAGE  (ROUTE_PAGE | ROUTE_STORE | ROUTE_ETAG)
#define LIST  (ROUTE_STORE | ROUTE_ETAG | ROUTE_KIND)
#define THING (ROUTE_STORE | ROUTE_ETAG)
/* Needs a database that is there: a first change does not make one. */
#define CHANGE (ROUTE_STORE | ROUTE_CHANGE)

#define GET METHOD_GET
#define V1  "/api/v1"

const struct route routes[] = {
	{ GET, "/", page_overview, 0, FACTS, ROUTE_PAGE | ROUTE_STORE_IF | ROUTE_ETAG },
	{ GET, "/d/{domain}", page_domain, 0, PAGE_FACTS, PAGE },
	{ GET, "/reports", page_reports, 0, FACTS " conflicts partial twins cursor", PAGE },
	{ GET, "/reports/{id}", page_report, 0, "source group class result cursor", PAGE },
	{ GET, "/receipts", page_receipts, 0, "ending cursor", PAGE },
	{ GET, "/assets/{name}", asset_answer, 0, "v", 0 },
	{ GET, "/healthz", api_health, 0, "", ROUTE_STORE_IF },

	{ GET, V1 "/status", api_single, QUERY_STATUS, "format", ROUTE_STORE },
	{ GET, V1 "/domains", api_rows, QUERY_DOMAINS, "format", LIST },
	{ GET, V1 "/domains/{domain}", api_domain, QUERY_DOMAINS, PAGE_ROWS " format", THING },
	{ METHOD_PUT, V1 "/domains/{domain}", change_domain, 0, "", CHANGE },
	{ METHOD_DELETE, V1 "/domains/{domain}", change_domain_remove, 0, "", CHANGE },
	{ METHOD_POST, V1 "/decisions", change_decide, 0, "", CHANGE },
	{ METHOD_POST, V1 "/undo", change_undo, 0, "", CHANGE },
	{ GET, V1 "/summary", api_rows, QUERY_SUMMARY, "format", LIST },
	{ GET, V1 "/timeseries", api_rows, QUERY_TIMESERIES, "format", LIST },
	{ GET, V1 "/sources", api_rows, QUERY_SOURCES, "format", LIST },
	{ GET, V1 "/sources/{id}", api_source, QUERY_SOURCE, SOURCE_ROWS " format",
		THING | ROUTE_CLOCK },
	{ GET, V1 "/addresses", api_rows, QUERY_ADDRESSES, "format", LIST },
	{ GET, V1 "/rules", api_rows, QUERY_RULES, "format", LIST },
	{ GET, V1 "/reporters", api_rows, QUERY_REPORTERS, "format", LIST | ROUTE_CLOCK },
	{ GET, V1 "/overrides", api_rows, QUERY_OVERRIDES, "format", LIST },
	{ GET, V1 "/changes", api_rows, QUERY_CHANGES, "format", LIST },
	{ GET, V1 "/lint", api_rows, QUERY_LINT, "format", LIST },
	{ GET, V1 "/reports", api_rows, QUERY_REPORTS, "format", LIST },
	{ GET, V1 "/reports/{id}", api_report, QUERY_REPORT, "limit cursor format", THING },
	{ GET, V1 "/reports/{id}/xml", api_original, 0, "", ROUTE_STORE },
	{ GET, V1 "/records", api_rows, QUERY_RECORDS, "format", LIST },
	{ GET, V1 "/receipts", api_rows, QUERY_RECEIPTS, "format", LIST },
	{ GET, V1 "/endings", api_rows, QUERY_ENDINGS, "format", LIST },
	{ GET, V1 "/decisions", api_rows, QUERY_DECISIONS, "format", LIST },
	{ GET, V1 "/events", api_rows, QUERY_EVENTS, "format", LIST },
	{ GET, V1 "/services", api_rows, QUERY_SERVICES, "format", LIST },
	{ GET, V1 "/causes", api_causes, 0, "domain subdomains scope last from to limit format",
		THING },
	{ GET, V1 "/dns/{domain}", api_dns, 0, "suggest history format", THING },
	{ GET, V1 "/readiness/{domain}", api_ready, 0, "format", THING },
	{ METHOD_POST, V1 "/bounce", api_bounce, 0, "domain format", ROUTE_STORE_IF | ROUTE_TEXT },
	{ GET, V1 "/whatif/{domain}", api_whatif, 0, "p sp np adkim aspf t spf last from to format",
		THING },
	/* Its parameters without a window are those of store/check.h. */
	{ GET, V1 "/check/{name}", api_check, 0,
		"domain subdomains scope verified without_twins last from to reporter warn crit format",
		ROUTE_STORE },
	{ GET, "/metrics", metrics_answer, 0, "", ROUTE_STORE_IF },
	{ GET, V1 "/openapi.json", api_openapi, 0, "", 0 },
	{ 0, NULL, NULL, 0, NULL, 0 },
};
