#!/usr/bin/env python3
"""Reports, mails and mailboxes for the end-to-end tests. Python's standard library only.

  mk.py xml  [key=value ...]                  a report's XML on stdout
  mk.py mail [option=value ...] [key=value ...]
                                              a mail with that report on stdout
  mk.py wrap [option=value ...] FILE ...      a mail with these files attached, as they are
  mk.py zip  NAME=FILE ...                    a zip of these files on stdout
  mk.py maildir DIR N [seed=S]                N mails into DIR/new, the truth as JSON on stdout

keys of a report: org id domain begin end email p sp np; rec="IP COUNT DISPOSITION DKIM SPF
  HEADER_FROM" (from the left, the rest by default; repeatable; rec= for a report of none);
  raw=XML put in after the records. A key with an empty value leaves the element out.
options of a mail: as=gz|zip|xml, from, subject, header="Name: value" (repeatable, on top),
  name, type, cut=N (only the first N bytes of the attachment), text
"""
import gzip, io, json, os, random, sys, zipfile
from email.message import EmailMessage
from xml.sax.saxutils import escape

DEFAULTS = dict(org="reporter.example", id="r1", domain="example.com", begin="1767225600",
                end="1767311999", email="dmarc@reporter.example", p="none", sp="", np="")
RECORD = ("192.0.2.1", "1", "none", "pass", "pass", "example.com")
MAIL_KEYS = ("as", "from", "subject", "header", "name", "type", "cut", "text")


def element(name, value):
    return "<%s>%s</%s>" % (name, escape(value), name) if value != "" else ""


def record(text):
    given = text.split()
    ip, count, disposition, dkim, spf, header_from = given + list(RECORD[len(given):])
    return ("<record><row><source_ip>%s</source_ip><count>%s</count><policy_evaluated>"
            "<disposition>%s</disposition><dkim>%s</dkim><spf>%s</spf></policy_evaluated></row>"
            "<identifiers><header_from>%s</header_from></identifiers><auth_results><dkim><domain>%s"
            "</domain><selector>s1</selector><result>%s</result></dkim><spf><domain>%s</domain>"
            "<result>%s</result></spf></auth_results></record>\n"
            % (ip, count, disposition, dkim, spf, header_from, header_from, dkim, header_from, spf))


def xml(args):
    keys = dict(DEFAULTS)
    records, raw = [], ""
    for key, value in args:
        if key == "rec":
            records.append(value)
        elif key == "raw":
            raw += value
        elif key in keys:
            keys[key] = value
        else:
            sys.exit("mk.py: no such key: " + key)
    if not records:
        records = [" ".join(RECORD[:-1] + (keys["domain"] or "example.com",))]
    rows = "".join(record(r) for r in records if r != "")
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<feedback>\n<report_metadata>'
            + element("org_name", keys["org"]) + element("email", keys["email"])
            + element("report_id", keys["id"]) + "<date_range>" + element("begin", keys["begin"])
            + element("end", keys["end"]) + "</date_range></report_metadata>\n<policy_published>"
            + element("domain", keys["domain"]) + element("p", keys["p"])
            + element("sp", keys["sp"]) + element("np", keys["np"]) + "</policy_published>\n"
            + rows + raw + "</feedback>\n").encode()


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def message(options, attachments):
    m = EmailMessage()
    m["From"] = options.get("from", "dmarc@reporter.example")
    m["To"] = "rua@example.com"
    m["Subject"] = options.get("subject", "Report domain: example.com")
    m["Date"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    m["Message-ID"] = "<%s@reporter.example>" % options.get("name", "report")
    m.set_content(options.get("text", "An aggregate report is attached.\n"))
    for name, kind, data in attachments:
        main, sub = kind.split("/")
        m.add_attachment(data, maintype=main, subtype=sub, filename=name)
    if m.is_multipart():
        m.set_boundary("=_ruad_test_border")
    return "".join(h + "\n" for h in options.get("headers", [])).encode() + m.as_bytes()


def attachment(options, name, data):
    how = options.get("as", "gz")
    if how == "gz":
        name, kind, data = name + ".gz", "application/gzip", gzip.compress(data, mtime=0)
    elif how == "zip":
        kind, data = "application/zip", zip_of([(name, data)])
        name = name[:-3] + "zip"
    else:
        kind = "application/xml"
    if "cut" in options:
        data = data[:int(options["cut"])]
    return options.get("name", name), options.get("type", kind), data


def pairs(args):
    out = []
    for arg in args:
        key, sep, value = arg.partition("=")
        if not sep:
            sys.exit("mk.py: key=value, not: " + arg)
        out.append((key, value))
    return out


def split_options(args):
    options, rest = {}, []
    for key, value in pairs(args):
        if key == "header":
            options.setdefault("headers", []).append(value)
        elif key in MAIL_KEYS:
            options[key] = value
        else:
            rest.append((key, value))
    return options, rest


def mail(args):
    options, keys = split_options(args)
    report = dict(DEFAULTS, **{k: v for k, v in keys if k in DEFAULTS})
    name = "%s!%s!%s!%s.xml" % (report["org"], report["domain"], report["begin"], report["end"])
    return message(options, [attachment(options, name, xml(keys))])


def wrap(args):
    options, _ = split_options([a for a in args if "=" in a and not os.path.exists(a)])
    attachments = []
    for path in args:
        if os.path.exists(path):
            with open(path, "rb") as f:
                attachments.append((options.get("name", os.path.basename(path)),
                                    options.get("type", "application/octet-stream"), f.read()))
    return message(options, attachments)


def maildir(directory, count, seed):
    """Mostly good reports of 1 to 40 records; one in ten a repeated delivery, one in twenty
    broken, one in twenty something else. The truth is summed here, from what was meant."""
    rng = random.Random(seed)
    truth = {"mails": 0, "reports": 0, "records": 0, "messages": 0, "pass": 0, "domains": {}}
    earlier = []
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(directory, sub), exist_ok=True)
    for i in range(count):
        what = rng.random()
        if what < 0.10 and earlier:
            data = message({"subject": "again"}, [rng.choice(earlier)])
        elif what < 0.15:
            data = message({}, [("a!example.com!1!2.xml", "application/xml",
                                 xml([("id", "bad%d" % i), ("rec", "192.0.2.1 1e9")]))])
        elif what < 0.20:
            data = message({"text": "Please find nothing attached, number %d.\n" % i}, [])
        else:
            domain = "d%d.example" % rng.randrange(5)
            day = 1767225600 + 86400 * rng.randrange(30)
            keys = [("id", "report-%d" % i), ("domain", domain), ("begin", str(day)),
                    ("end", str(day + 86399)), ("org", "org%d.example" % rng.randrange(4))]
            mine = truth["domains"].setdefault(domain, {"messages": 0, "pass": 0})
            for _ in range(rng.randrange(1, 40)):
                n, passes = rng.randrange(1, 100), rng.random() < 0.8
                keys.append(("rec", "198.51.100.%d %d none %s fail %s" % (
                    rng.randrange(256), n, "pass" if passes else "fail", domain)))
                truth["records"] += 1
                truth["messages"] += n
                truth["pass"] += n * passes
                mine["messages"] += n
                mine["pass"] += n * passes
            truth["reports"] += 1
            a = attachment({"as": rng.choice(("gz", "zip", "xml"))}, "r%d.xml" % i, xml(keys))
            earlier.append(a)
            data = message({}, [a])
        truth["mails"] += 1
        path = os.path.join(directory, "new", "%d.M%06dP1.host" % (1767225600 + i, i))
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (1767225600 + i, 1767225600 + i))
    return (json.dumps(truth, sort_keys=True) + "\n").encode()


def main(args):
    out = None
    if args[:1] == ["xml"]:
        out = xml(pairs(args[1:]))
    elif args[:1] == ["mail"]:
        out = mail(args[1:])
    elif args[:1] == ["wrap"]:
        out = wrap(args[1:])
    elif args[:1] == ["zip"]:
        out = zip_of([(name, open(path, "rb").read()) for name, path in pairs(args[1:])])
    elif args[:1] == ["maildir"] and len(args) >= 3:
        out = maildir(args[1], int(args[2]), dict(pairs(args[3:])).get("seed", "1"))
    else:
        sys.exit(__doc__)
    sys.stdout.buffer.write(out)


main(sys.argv[1:])
