-- The whole schema of ruad's one database file, as it is today.
--
-- An empty file gets this text; an older one climbs store/migrations/ to the same. Times are
-- seconds UTC, days are days since 1970-01-01 UTC, addresses are 4 or 16 bytes, vocabularies are
-- the numbers of store/report.h (0 absent, 1 unknown, then the words; 'token' columns keep what
-- was sent wherever it is not the word itself). Names are compared in key form: lower case,
-- without trailing dot, as A-labels.
--
-- Facts: report > record > detail > auth. What became of the mail: receipt > entry. Roll-ups are
-- kept in the same transaction as the facts; the raw rows are the truth.

-- One row a setting of the store itself.
CREATE TABLE meta (
	key	TEXT NOT NULL PRIMARY KEY,	-- data_version: rises with every change of the facts
						-- decisions_version: rises with every owner's decision
						-- orphans: 1 while something may be referred to by nothing
	value	INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('data_version', 0), ('decisions_version', 0),
	('orphans', 0);

-- Interned text: domain names as sent, selectors.
CREATE TABLE name (
	id	INTEGER PRIMARY KEY,
	text	TEXT NOT NULL UNIQUE
) STRICT;

-- A domain a policy was published for (policy_published/domain).
CREATE TABLE domain (
	id	INTEGER PRIMARY KEY,
	name	TEXT NOT NULL UNIQUE,			-- key form
	own	INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)),	-- configured by the owner
	claimed	INTEGER NOT NULL DEFAULT 0 CHECK (claimed IN (0, 1)),	-- own, or under an own one
	added	INTEGER NOT NULL,			-- when it was first seen or configured
	parked	INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),	-- sends no mail, says the owner
	rua	TEXT					-- where its reports are to go, says the owner
) STRICT;

-- Who reports: org_name as sent (trimmed).
CREATE TABLE reporter (
	id	INTEGER PRIMARY KEY,
	org_name	TEXT NOT NULL UNIQUE,
	same_as	INTEGER NOT NULL REFERENCES reporter (id)	-- the first one whose name differs
								-- in ASCII case only: the identity
) STRICT;
CREATE INDEX reporter_same_as ON reporter (same_as);
CREATE INDEX reporter_fold ON reporter (org_name COLLATE NOCASE);

-- Where a mail was sent from: an address, or what a reporter sent in the place of one. A text has
-- messages like any other source, but no address filter ever finds it.
CREATE TABLE source (
	id	INTEGER PRIMARY KEY,
	ip	BLOB UNIQUE CHECK (length(ip) IN (4, 16)),
	text	TEXT UNIQUE CHECK (text <> ''),		-- trimmed, no form of an address
	CHECK ((ip IS NULL) <> (text IS NULL))
) STRICT;

-- Where mails come from: a Maildir, a directory, standard input.
CREATE TABLE inbox (
	id	INTEGER PRIMARY KEY,
	path	TEXT NOT NULL UNIQUE	-- absolute; '-' for standard input
) STRICT;

-- What became of a mail. Every mail seen has one row, and one ending.
CREATE TABLE receipt (
	id	INTEGER PRIMARY KEY,
	inbox	INTEGER NOT NULL REFERENCES inbox (id),
	name	TEXT NOT NULL,			-- in the inbox, a Maildir's without flags
	size	INTEGER NOT NULL CHECK (size >= 0),
	mtime_ns	INTEGER NOT NULL,
	seen	INTEGER NOT NULL,		-- when it was last read
	ending	INTEGER NOT NULL CHECK (ending BETWEEN 0 AND 6),
	trust	INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 3),
	from_address	TEXT,			-- of the From header
	subject	TEXT,
	message_id	TEXT,
	date	INTEGER,			-- of the Date header
	auth_server	TEXT,			-- whose Authentication-Results these are
	auth_dkim	INTEGER NOT NULL DEFAULT 0,
	auth_spf	INTEGER NOT NULL DEFAULT 0,
	auth_dmarc	INTEGER NOT NULL DEFAULT 0,
	UNIQUE (inbox, name, size, mtime_ns)
) STRICT;
CREATE INDEX receipt_ending ON receipt (ending, id);

-- One line of a receipt: a report found in the mail, or why there is none.
CREATE TABLE entry (
	receipt	INTEGER NOT NULL REFERENCES receipt (id) ON DELETE CASCADE
		DEFERRABLE INITIALLY DEFERRED,	-- a mail's lines come before its verdict
	n	INTEGER NOT NULL,		-- 1 for the first
	ending	INTEGER NOT NULL CHECK (ending BETWEEN 0 AND 6),
	place	TEXT,				-- 'part 2: report.xml'
	kind	TEXT,				-- of what is not a report
	reason	TEXT,				-- why refused
	report	INTEGER,			-- the one stored, or the one repeated; may be expired
	original	INTEGER REFERENCES original (id)	-- what a conflict said
		DEFERRABLE INITIALLY DEFERRED,
	PRIMARY KEY (receipt, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_report ON entry (report) WHERE report IS NOT NULL;
CREATE INDEX entry_original ON entry (original) WHERE original IS NOT NULL;

-- The XML of a report as it came out of its container, packed (codec 1: a Zstandard frame made
-- with the dictionary of store/pack.c). The first chunk is here, further ones in original_more.
CREATE TABLE original (
	id	INTEGER PRIMARY KEY,
	bytes	INTEGER NOT NULL CHECK (bytes >= 0),	-- unpacked
	sha256	BLOB NOT NULL CHECK (length(sha256) = 32),	-- of the unpacked bytes
	codec	INTEGER NOT NULL,
	data	BLOB NOT NULL
) STRICT;
CREATE TABLE original_more (
	original	INTEGER NOT NULL REFERENCES original (id) ON DELETE CASCADE
		DEFERRABLE INITIALLY DEFERRED,	-- its size and digest are known at the end
	n	INTEGER NOT NULL,
	data	BLOB NOT NULL,
	PRIMARY KEY (original, n)
) STRICT;

-- A policy as reporters saw it: policy_published without the domain, interned.
CREATE TABLE policy (
	id	INTEGER PRIMARY KEY,
	digest	BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
	p	INTEGER NOT NULL,
	sp	INTEGER NOT NULL,
	np	INTEGER NOT NULL,
	adkim	INTEGER NOT NULL,
	aspf	INTEGER NOT NULL,
	testing	INTEGER NOT NULL,
	discovery_method	INTEGER NOT NULL,
	pct	TEXT,				-- as sent; NULL absent
	fo	TEXT,
	p_token	TEXT,				-- tokens: NULL where the word itself was sent
	sp_token	TEXT,
	np_token	TEXT,
	adkim_token	TEXT,
	aspf_token	TEXT,
	testing_token	TEXT,
	discovery_method_token	TEXT
) STRICT;

-- One aggregate report.
CREATE TABLE report (
	id	INTEGER PRIMARY KEY,
	domain	INTEGER NOT NULL REFERENCES domain (id),
	reporter	INTEGER NOT NULL REFERENCES reporter (id),
	reporter_same	INTEGER NOT NULL,	-- reporter.same_as: part of the identity
	report_id	TEXT NOT NULL CHECK (report_id <> ''),
	begin	INTEGER NOT NULL CHECK (begin >= 0),
	end	INTEGER NOT NULL CHECK (end >= begin),
	day	INTEGER NOT NULL,		-- UTC day of the middle of the period
	policy	INTEGER NOT NULL REFERENCES policy (id),
	domain_sent	TEXT,			-- NULL where it is domain.name
	email	TEXT,
	extra_contact_info	TEXT,
	errors	TEXT,
	generator	TEXT,
	version	TEXT,
	xmlns	TEXT,
	dialect	INTEGER NOT NULL,
	trust	INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 3),
	from_mismatch	INTEGER NOT NULL CHECK (from_mismatch IN (0, 1)),
	twin	INTEGER NOT NULL DEFAULT 0 CHECK (twin IN (0, 1)),	-- says what an earlier one said
	received	INTEGER NOT NULL,	-- when it was stored
	receipt	INTEGER NOT NULL REFERENCES receipt (id) DEFERRABLE INITIALLY DEFERRED,
	original	INTEGER REFERENCES original (id) ON DELETE SET NULL,
	content	BLOB NOT NULL CHECK (length(content) = 16),	-- digest of the canonical content
	records_digest	BLOB NOT NULL CHECK (length(records_digest) = 16),	-- of the set of records
	records_sent	INTEGER NOT NULL,	-- record elements = records + placeholders + unreadable
	records	INTEGER NOT NULL,		-- stored
	placeholders	INTEGER NOT NULL,
	unreadable	INTEGER NOT NULL,
	messages	INTEGER NOT NULL CHECK (messages >= 0),	-- sums over its records
	pass	INTEGER NOT NULL,
	fail	INTEGER NOT NULL,
	unknown	INTEGER NOT NULL,
	dkim_pass	INTEGER NOT NULL,
	spf_pass	INTEGER NOT NULL,
	quarantine	INTEGER NOT NULL,
	reject	INTEGER NOT NULL,
	CHECK (messages = pass + fail + unknown),
	CHECK (records_sent = records + placeholders + unreadable),
	UNIQUE (domain, reporter_same, report_id, begin, end)
) STRICT;
-- In the order of lists; what counts of reports ask for stands in it, so that they read no report.
CREATE INDEX report_domain_day ON report (domain, day, id, reporter_same, trust, twin, end, records,
	messages);
CREATE INDEX report_day ON report (day);
CREATE INDEX report_twin ON report (domain, begin, end, records_digest);
CREATE INDEX report_receipt ON report (receipt);
CREATE INDEX report_original ON report (original) WHERE original IS NOT NULL;

-- What judgement needs to know of a detail (store/judge/trait.h). Interned.
CREATE TABLE trait (
	id	INTEGER PRIMARY KEY,
	digest	BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
	result	INTEGER NOT NULL,		-- as in daily
	reasons	INTEGER NOT NULL,		-- bit 1 << type of each override reason
	spf_result	INTEGER NOT NULL,	-- raw: the SPF result that tells most; 0 none
	spf_own	INTEGER NOT NULL CHECK (spf_own IN (0, 1)),	-- its domain is header_from's
	spf_domain	INTEGER REFERENCES name (id),
	envelope	INTEGER NOT NULL CHECK (envelope BETWEEN 0 AND 2),
	other_dkim	INTEGER REFERENCES name (id)
) STRICT;

-- Signatures of a trait by header_from's own organisation.
CREATE TABLE trait_signature (
	trait	INTEGER NOT NULL REFERENCES trait (id),
	n	INTEGER NOT NULL,
	domain	INTEGER NOT NULL REFERENCES name (id),
	selector	INTEGER NOT NULL REFERENCES name (id),	-- lower case; the empty name if absent
	pass	INTEGER NOT NULL CHECK (pass IN (0, 1)),
	PRIMARY KEY (trait, n)
) STRICT, WITHOUT ROWID;

-- A record without its address and count: identifiers, verdicts, reasons. Interned, because the
-- same few repeat in every report.
CREATE TABLE detail (
	id	INTEGER PRIMARY KEY,
	digest	BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
	disposition	INTEGER NOT NULL,
	dkim	INTEGER NOT NULL,		-- policy_evaluated
	spf	INTEGER NOT NULL,
	disposition_token	TEXT,
	dkim_token	TEXT,
	spf_token	TEXT,
	header_from	INTEGER REFERENCES name (id),	-- NULL absent; the empty name is a name
	envelope_from	INTEGER REFERENCES name (id),
	envelope_to	INTEGER REFERENCES name (id),
	from_key	INTEGER REFERENCES name (id),	-- header_from in key form
	trait	INTEGER NOT NULL REFERENCES trait (id)
) STRICT;
CREATE INDEX detail_from_key ON detail (from_key);

-- auth_results of a detail, in the order sent.
CREATE TABLE auth (
	detail	INTEGER NOT NULL REFERENCES detail (id),
	n	INTEGER NOT NULL,
	kind	INTEGER NOT NULL CHECK (kind IN (0, 1)),	-- 0 dkim, 1 spf
	domain	INTEGER REFERENCES name (id),
	selector	INTEGER REFERENCES name (id),
	scope	INTEGER NOT NULL,
	result	INTEGER NOT NULL,
	scope_token	TEXT,
	result_token	TEXT,
	human_result	TEXT,
	PRIMARY KEY (detail, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX auth_domain ON auth (domain, selector);

-- Override reasons of a detail.
CREATE TABLE reason (
	detail	INTEGER NOT NULL REFERENCES detail (id),
	n	INTEGER NOT NULL,
	type	INTEGER NOT NULL,
	type_token	TEXT,
	comment	TEXT,
	PRIMARY KEY (detail, n)
) STRICT, WITHOUT ROWID;

-- One row of a report.
CREATE TABLE record (
	report	INTEGER NOT NULL REFERENCES report (id) DEFERRABLE INITIALLY DEFERRED,
	n	INTEGER NOT NULL,		-- position among the report's record elements
	source	INTEGER NOT NULL REFERENCES source (id),
	count	INTEGER NOT NULL CHECK (count BETWEEN 0 AND 1000000000000),
	detail	INTEGER NOT NULL REFERENCES detail (id),
	PRIMARY KEY (report, n)
) STRICT, WITHOUT ROWID;

-- Record elements that could not be read: the first UNREADABLE_KEEP of a report.
CREATE TABLE unreadable (
	report	INTEGER NOT NULL REFERENCES report (id) ON DELETE CASCADE
		DEFERRABLE INITIALLY DEFERRED,
	n	INTEGER NOT NULL,		-- position among the record elements
	line	INTEGER NOT NULL,
	reason	TEXT NOT NULL,
	PRIMARY KEY (report, n)
) STRICT, WITHOUT ROWID;

-- What was odd about a report.
CREATE TABLE note (
	report	INTEGER NOT NULL REFERENCES report (id) ON DELETE CASCADE,
	code	INTEGER NOT NULL,
	times	INTEGER NOT NULL,
	detail	TEXT,				-- of the first
	PRIMARY KEY (report, code)
) STRICT, WITHOUT ROWID;

-- Roll-up: messages of a domain, day, source and trait. result = disposition * 16 + dkim * 4 + spf,
-- which is the trait's own, kept here so that sums need no other table.
CREATE TABLE daily (
	domain	INTEGER NOT NULL,
	day	INTEGER NOT NULL,
	source	INTEGER NOT NULL,
	result	INTEGER NOT NULL,
	trait	INTEGER NOT NULL,
	records	INTEGER NOT NULL,
	messages	INTEGER NOT NULL,
	PRIMARY KEY (domain, day, source, result, trait)
) STRICT, WITHOUT ROWID;

-- Days whose facts changed since the domain was judged (store/assess.h). A domain with such days
-- is answered from daily instead of class_daily.
CREATE TABLE unassessed (
	domain	INTEGER NOT NULL,
	day	INTEGER NOT NULL,
	PRIMARY KEY (domain, day)
) STRICT, WITHOUT ROWID;

-- Addresses that belong together, seen from one domain: a service, a forwarder, a network.
CREATE TABLE source_group (
	id	INTEGER PRIMARY KEY AUTOINCREMENT,	-- never given to another one
	domain	INTEGER NOT NULL REFERENCES domain (id),
	key	TEXT NOT NULL,			-- 'service:mailchimp', 'net:192.0.2.0/24'
	name	TEXT NOT NULL,			-- for people
	evidence	INTEGER NOT NULL CHECK (evidence BETWEEN 0 AND 6),	-- enum group_evidence
	evidence_detail	TEXT NOT NULL,
	service	TEXT,				-- id in the catalogue
	class	INTEGER CHECK (class BETWEEN 0 AND 3),	-- of most of its messages, in all history
	UNIQUE (domain, key)
) STRICT;

-- The group of each address of a domain.
CREATE TABLE member (
	domain	INTEGER NOT NULL,
	source	INTEGER NOT NULL,
	source_group	INTEGER NOT NULL REFERENCES source_group (id),
	PRIMARY KEY (domain, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_group ON member (source_group, source);

-- Whose mail the rows of an address and trait are, and by which rule.
CREATE TABLE judgement (
	domain	INTEGER NOT NULL,
	source	INTEGER NOT NULL,
	trait	INTEGER NOT NULL,
	class	INTEGER NOT NULL CHECK (class BETWEEN 0 AND 3),	-- enum class
	rule	INTEGER NOT NULL,		-- enum class_rule
	PRIMARY KEY (domain, source, trait)
) STRICT, WITHOUT ROWID;

-- Roll-up: messages of a domain, day, source group, class, rule and result; the last three columns
-- are sums of messages too. All but one rule give one class: it hardly adds rows, and tells why.
CREATE TABLE class_daily (
	domain	INTEGER NOT NULL,
	day	INTEGER NOT NULL,
	source_group	INTEGER NOT NULL,
	class	INTEGER NOT NULL,
	rule	INTEGER NOT NULL,
	result	INTEGER NOT NULL,
	records	INTEGER NOT NULL,
	messages	INTEGER NOT NULL,
	spf_seen	INTEGER NOT NULL,	-- has a raw SPF result
	spf_passed	INTEGER NOT NULL,	-- and it is a pass, for whatever domain
	overridden	INTEGER NOT NULL,	-- has an override reason
	PRIMARY KEY (domain, day, source_group, class, rule, result)
) STRICT, WITHOUT ROWID;
-- When a group was first and last seen is one step each.
CREATE INDEX class_daily_group ON class_daily (source_group, day);
-- So is whether it sent what is to decide.
CREATE INDEX class_daily_undecided ON class_daily (source_group, day) WHERE class = 2;

-- Roll-up of that one, without source group and rule: answers over many domains and days.
CREATE TABLE domain_daily (
	domain	INTEGER NOT NULL,
	day	INTEGER NOT NULL,
	class	INTEGER NOT NULL,
	result	INTEGER NOT NULL,
	records	INTEGER NOT NULL,
	messages	INTEGER NOT NULL,
	spf_seen	INTEGER NOT NULL,
	spf_passed	INTEGER NOT NULL,
	overridden	INTEGER NOT NULL,
	PRIMARY KEY (domain, day, class, result)
) STRICT, WITHOUT ROWID;

-- The owner's word on a source group. It follows the addresses: where those of a decided group come
-- to make up most of another one, and it has no decision, it gets theirs.
CREATE TABLE decision (
	domain	INTEGER NOT NULL REFERENCES domain (id),
	key	TEXT NOT NULL,			-- source_group.key
	class	INTEGER NOT NULL CHECK (class IN (0, 1, 3)),
	event	INTEGER NOT NULL,		-- what set it
	PRIMARY KEY (domain, key)
) STRICT, WITHOUT ROWID;

-- The owner's own address ranges.
CREATE TABLE own_network (
	domain	INTEGER NOT NULL REFERENCES domain (id),
	net	TEXT NOT NULL,			-- '192.0.2.0/24'
	event	INTEGER NOT NULL,
	PRIMARY KEY (domain, net)
) STRICT, WITHOUT ROWID;

-- Services the owner uses.
CREATE TABLE own_service (
	domain	INTEGER NOT NULL REFERENCES domain (id),
	service	TEXT NOT NULL,			-- id in the catalogue
	event	INTEGER NOT NULL,
	PRIMARY KEY (domain, service)
) STRICT, WITHOUT ROWID;

-- What the owner answered to what no report can tell (store/judge/readiness.h).
CREATE TABLE own_answer (
	domain	INTEGER NOT NULL REFERENCES domain (id),
	question	TEXT NOT NULL,		-- the setting: 'rare_senders', 'mailing_lists'
	answer	TEXT NOT NULL CHECK (answer IN ('yes', 'no')),
	PRIMARY KEY (domain, question)
) STRICT, WITHOUT ROWID;

-- What happened, in order, never changed: the audit log of the owner's words and the feed of what
-- the reports brought.
CREATE TABLE event (
	id	INTEGER PRIMARY KEY AUTOINCREMENT,
	at	INTEGER NOT NULL,
	type	TEXT NOT NULL,			-- 'decision.set', 'domain.added', 'source.new', ...
	domain	TEXT,				-- key form, as the domain may go
	object	TEXT,				-- what it is about: a group's key, a setting's name
	before	TEXT,
	after	TEXT,
	who	TEXT,				-- NULL: ruad itself
	undone_by	INTEGER			-- the event that took it back
) STRICT;
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_domain ON event (domain, type, id);

-- What ruad-dns asked of the DNS for an own domain, the last time.
CREATE TABLE dns_run (
	domain	INTEGER PRIMARY KEY REFERENCES domain (id) ON DELETE CASCADE,
	asked	INTEGER NOT NULL,		-- when; rises with every run, whatever the clock does
	answered	INTEGER,		-- the last run that got an answer; NULL: none did
	queries	INTEGER NOT NULL,		-- names and types asked for
	failures	INTEGER NOT NULL,	-- of them those without an answer
	notice	TEXT				-- what went wrong, for people; NULL: nothing did
) STRICT;

-- What the record checker and readiness said of it when ruad-dns last asked: for monitoring, which asks
-- of every domain at once.
CREATE TABLE dns_sum (
	domain	INTEGER PRIMARY KEY REFERENCES domain (id) ON DELETE CASCADE,
	spf_errors	INTEGER NOT NULL,	-- findings of the rules S
	spf_warnings	INTEGER NOT NULL,
	dkim_errors	INTEGER NOT NULL,	-- K
	dkim_warnings	INTEGER NOT NULL,
	dmarc_errors	INTEGER NOT NULL,	-- D
	dmarc_warnings	INTEGER NOT NULL,
	zone_errors	INTEGER NOT NULL,	-- X
	zone_warnings	INTEGER NOT NULL,
	spf_lookups	INTEGER,		-- that the SPF record takes; NULL: none, or not all known
	readiness	INTEGER NOT NULL	-- enum readiness_verdict_id
) STRICT;

-- What was answered, with its history: the same answer again moves last_seen, another one is a new
-- row. A question that fails leaves the row it had as it is.
CREATE TABLE dns_fact (
	id	INTEGER PRIMARY KEY,
	domain	INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE,	-- for whom it was asked
	name	TEXT NOT NULL,			-- key form, bytes that are no printable ASCII as \DDD
	type	INTEGER NOT NULL,		-- as in a message: 16 is TXT
	status	INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),	-- enum dns_status; 4 (failed)
						-- only where there never was an answer
	records	TEXT NOT NULL,			-- one a line, sorted, as in a master file: TXT in quotes
	ttl	INTEGER,			-- seconds, the smallest of them; NULL: no record
	first_seen	INTEGER NOT NULL,
	last_seen	INTEGER NOT NULL CHECK (last_seen >= first_seen),
	holds	INTEGER NOT NULL DEFAULT 1 CHECK (holds IN (0, 1))	-- it is what is known today
) STRICT;
CREATE UNIQUE INDEX dns_fact_holds ON dns_fact (domain, name, type) WHERE holds = 1;
CREATE INDEX dns_fact_seen ON dns_fact (domain, last_seen);

-- The reverse names of sending addresses, as ruad-dns asked for them from a queue.
CREATE TABLE dns_reverse (
	source	INTEGER PRIMARY KEY REFERENCES source (id) ON DELETE CASCADE,
	asked	INTEGER NOT NULL,		-- the last time, seconds
	answered	INTEGER,		-- the last time there was an answer; NULL: there never was
	name	TEXT,				-- key form: a name that leads back to the address; NULL:
						-- there is none, or nobody answered yet
	CHECK (name IS NULL OR answered IS NOT NULL)
) STRICT;

-- Names of which two name servers of a domain told differently when they were last compared.
CREATE TABLE dns_split (
	domain	INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE,	-- for whom it was asked
	name	TEXT NOT NULL,			-- key form, as in dns_fact
	type	INTEGER NOT NULL,		-- as in a message
	server1	TEXT NOT NULL,			-- names of the two
	server2	TEXT NOT NULL,
	former	INTEGER NOT NULL CHECK (former IN (0, 1)),	-- the second is a name server no longer
	seen	INTEGER NOT NULL,
	PRIMARY KEY (domain, name, type)
) STRICT, WITHOUT ROWID;
