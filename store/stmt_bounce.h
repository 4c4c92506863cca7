/* ---- query_bounce.c. Part of stmt_list.h. */
/* Is ?1 a domain of the owner's? As long as none is configured, any that is known is. */
STMT(STMT_BOUNCE_OWN,
	"SELECT id FROM domain WHERE name = ?1"
	" AND (claimed = 1 OR NOT EXISTS (SELECT 1 FROM domain WHERE own = 1))")
/* The source group of ?1's mail from the address ?2, and its name. */
STMT(STMT_BOUNCE_ADDRESS,
	"SELECT m.source_group, g.name FROM source AS s"
	" JOIN member AS m ON m.domain = (SELECT id FROM domain WHERE name = ?1) AND m.source = s.id"
	" JOIN source_group AS g ON g.id = m.source_group"
	" WHERE s.ip = ?2")
