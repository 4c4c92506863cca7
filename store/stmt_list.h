/*
 * stmt_list: every SQL statement of ruad, each once, by number.
 *
 * STMT(NUMBER, "text") rows, included where a table is made of them. Grouped by the file that uses
 * them; a test prepares each and looks at its query plan.
 */
STMT(STMT_DATA_VERSION, "SELECT value FROM meta WHERE key = 'data_version'")
