#!/usr/bin/env python3
"""What is shipped in web/monitoring, against the programs it asks.

Every metric must be one that the sources write, every address, parameter and field one that
web/openapi.json has; promtool (in PATH, or $PROMTOOL) checks the rules and runs their tests.
"""
import json
import os
import re
import shutil
import subprocess
import urllib.parse

from tap import ROOT, Tap

try:
    import yaml
except ImportError:
    yaml = None

HERE = os.path.join(ROOT, 'web', 'monitoring')
DATASOURCES = {'prometheus.json': 'prometheus', 'infinity.json': 'yesoreyeram-infinity-datasource'}
HISTOGRAM = re.compile('_(bucket|sum|count)$')


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def shipped():
    for folder, _, names in sorted(os.walk(HERE)):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), HERE)


def walk(node):
    """Every object of a document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(child)


class Api:
    def __init__(self):
        self.doc = json.loads(read(ROOT, 'web', 'openapi.json'))

    def resolve(self, node):
        while '$ref' in node:
            at = self.doc
            for name in node['$ref'].split('/')[1:]:
                at = at[name]
            node = at
        return node

    def find(self, path):
        """The GET of a path and the values of its variables; None where there is none."""
        for pattern, item in self.doc['paths'].items():
            match = re.fullmatch(re.sub(r'\{(\w+)\}', r'(?P<\1>[^/]+)', pattern), path)
            if match and 'get' in item:
                return item['get'], match.groupdict()
        return None, {}

    def parameters(self, get):
        return {p['name']: p for p in map(self.resolve, get.get('parameters', ()))}

    def fields(self, path, root=None):
        """The fields of an answer, or of its part `root`."""
        get, _ = self.find(path)
        if get is None:
            return set()
        schema = get['responses']['200']['content']['application/json']['schema']
        if root:
            schema = self.resolve(schema['properties'][root])
        if schema.get('type') == 'array':
            schema = self.resolve(schema['items'])
        return set(schema['properties'])

    def wrong(self, path, parameters):
        """What is wrong with a request, as lines."""
        get, values = self.find(path)
        if get is None:
            return ['there is no ' + path]
        known = self.parameters(get)
        bad = ['%s takes no %s' % (path, name) for name, _ in parameters if name not in known]
        for name, value in list(values.items()) + list(parameters):
            schema = known.get(name, {}).get('schema', {})
            if 'enum' in schema and not value.startswith('$') and value not in schema['enum']:
                bad.append('%s: %s is not %s' % (path, name, value))
            if name == 'sort' and value.lstrip('-') not in self.fields(path, 'data'):
                bad.append('%s cannot be sorted by %s' % (path, value))
        return bad


def metrics(tap):
    written = set()
    for name in ('metrics.c', 'meter.c'):
        written |= set(re.findall(r'\bruad_[a-z_]+', read(ROOT, 'web', name)))
    for name in shipped():
        # Icinga's variables are called so as well, after a point in the pages.
        if name.startswith('icinga/'):
            continue
        used = set(re.findall(r'(?<![.\w])ruad_[a-z_]+', read(HERE, name)))
        unknown = {n for n in used if n not in written and HISTOGRAM.sub('', n) not in written}
        if used:
            tap.equal(sorted(unknown), [], '%s uses metrics that are written' % name)


def addresses(tap, api):
    for name in shipped():
        text = read(HERE, name)
        bad, found = [], 0
        for url in re.findall(r'/api/v1/[^\s\'"`<>)]+', text):
            if url.endswith('/NAME'):
                continue
            found += 1
            url = urllib.parse.urlsplit(url)
            bad += api.wrong(url.path, urllib.parse.parse_qsl(url.query, True))
        if found:
            tap.equal(bad, [], '%s asks for addresses that are served' % name)


def dashboards(tap, api):
    for name, kind in DATASOURCES.items():
        try:
            board = json.loads(read(HERE, 'grafana', name))
        except ValueError as e:
            tap.ok(False, 'grafana/%s is JSON' % name, e)
            continue
        tap.ok(True, 'grafana/%s is JSON' % name)
        chosen = [n['datasource'] for n in walk(board) if 'datasource' in n]
        tap.ok(chosen and all(d == {'type': kind, 'uid': '${datasource}'} for d in chosen),
               'grafana/%s leaves the data source to choose' % name, chosen)
        variables = {v['name'] for v in board['templating']['list']}
        used = {n for n in re.findall(r'\$\{?([a-z]\w*)', json.dumps(board))}
        tap.equal(sorted(used - variables), [], 'grafana/%s has the variables it uses' % name)
        ids = [p['id'] for p in board['panels']]
        tap.ok(ids and len(ids) == len(set(ids)), 'grafana/%s has each panel once' % name, ids)
        empty = [p['title'] for p in board['panels'] if not p['targets']]
        tap.equal(empty, [], 'grafana/%s has no panel without a question' % name)
    bad = []
    asked = set()
    for q in walk(json.loads(read(HERE, 'grafana', 'infinity.json'))):
        if 'url_options' not in q:
            continue
        given = [(p['key'], p['value']) for p in q['url_options']['params']]
        bad += api.wrong(q['url'], given)
        fields = api.fields(q['url'], q['root_selector'])
        bad += ['%s has no %s' % (q['url'], c['selector']) for c in q['columns']
                if c['selector'] not in fields]
        asked.add(q['url'].rsplit('/', 1)[1])
    tap.equal(bad, [], 'every field and parameter of grafana/infinity.json is one of the API')
    tap.equal(sorted(asked), ['domains', 'reporters', 'sources', 'summary', 'timeseries'],
              'grafana/infinity.json asks for all it shows')


def zabbix_expressions(template):
    for node in walk(template):
        if 'expression' in node:
            yield node['expression']


def zabbix(tap, api):
    if yaml is None:
        tap.skip('zabbix/ruad.yaml fits the API', 'no python3-yaml')
        return
    export = yaml.safe_load(read(HERE, 'zabbix', 'ruad.yaml'))['zabbix_export']
    template, = export['templates']
    bad = []
    sources, keys = {}, set()
    nodes = [n for n in walk(template) if 'key' in n and 'name' in n]
    for n in nodes:
        keys.add(n['key'])
        if n['type'] == 'HTTP_AGENT':
            sources[n['key']] = n['url'].replace('{$RUAD.URL}', '')
            bad += api.wrong(sources[n['key']],
                             [(q['name'], q['value']) for q in n.get('query_fields', ())])
    for n in nodes:
        path = sources[n['master_item']['key'] if n['type'] == 'DEPENDENT' else n['key']]
        for step in n.get('preprocessing', ()):
            if step['type'] != 'JSONPATH':
                continue
            # $.data..., or a field beside it
            head, *rest = re.findall(r'[.@]\.?([a-z_]+)\b(?!\()', step['parameters'][0])
            fields = api.fields(path, head) if rest else api.fields(path)
            bad += ['%s has no %s' % (path, f) for f in rest or [head] if f not in fields]
        for macro in n.get('lld_macro_paths', ()):
            if macro['path'][2:] not in api.fields(path, 'data'):
                bad.append('%s has no %s' % (path, macro['path']))
    tap.equal(bad, [], 'every field and parameter of zabbix/ruad.yaml is one of the API')
    used = [k for e in zabbix_expressions(template) for k in re.findall(r'by HTTP/([^,)]+)', e)]
    tap.ok(used and set(used) <= keys, 'its triggers ask for items it has', set(used) - keys)
    ids = [n['uuid'] for n in walk(export) if 'uuid' in n]
    tap.ok(len(ids) == len(set(ids)) and
           all(re.fullmatch('[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}', i) for i in ids),
           'each of its parts has an id of its own', ids)
    macros = {m['macro'] for m in template['macros']}
    tap.equal(set(re.findall(r'\{\$[A-Z.]+\}', read(HERE, 'zabbix', 'ruad.yaml'))), macros,
              'its macros are all set, and all used')


def icinga(tap):
    text = read(HERE, 'icinga', 'ruad.conf')
    code = read(ROOT, 'store', 'check_main.c')
    known = {'--' + n for n in re.findall(r'\{ "([a-z-]+)", (?:no|required)_argument', code)}
    known |= {'-w', '-c'}
    used = set(re.findall(r'"(--?[a-z-]+)" = \{', text))
    tap.ok(used and used <= known, 'icinga/ruad.conf uses options that check has', used - known)
    modes = re.findall(r'^\t\{ "([a-z-]+)", QUERY_', read(ROOT, 'store', 'check.c'), re.M)
    tap.equal(sorted(re.findall(r'ruad_mode = "([a-z-]+)"', text)), sorted(modes),
              'it has a service for every mode')
    given = set(re.findall(r'\$(ruad_\w+)\$', text))
    set_to = set(re.findall(r'vars\.(ruad_(?!domains)\w+)', text))
    tap.ok(set_to <= given, 'its services set what the command reads', set_to - given)
    tap.equal(text.count('{'), text.count('}'), 'its braces are even')


def yaml_files(tap):
    for name in shipped():
        if not name.endswith(('.yml', '.yaml')):
            continue
        if yaml is None:
            tap.skip('%s is YAML' % name, 'no python3-yaml')
            continue
        try:
            tap.ok(isinstance(yaml.safe_load(read(HERE, name)), dict), '%s is YAML' % name)
        except yaml.YAMLError as e:
            tap.ok(False, '%s is YAML' % name, e)


def rules(tap):
    alerts = re.findall(r'- alert: (\w+)', read(HERE, 'prometheus', 'ruad.rules.yml'))
    tests = read(HERE, 'prometheus', 'ruad.test.yml')
    fired = re.findall(r'alertname: (\w+)\n\s+exp_alerts:', tests)
    tap.equal(sorted(set(fired)), sorted(alerts), 'every alert fires in a test')
    page = re.findall(r'^\| (Ruad\w+)', read(HERE, 'README.md'), re.M)
    tap.equal(page, alerts, 'README.md explains every alert')
    promtool = os.environ.get('PROMTOOL') or shutil.which('promtool')
    for what, name in (('check', 'ruad.rules.yml'), ('test', 'ruad.test.yml')):
        title = 'promtool %s rules %s' % (what, name)
        if not promtool:
            tap.skip(title, 'no promtool')
            continue
        p = subprocess.run([promtool, what, 'rules', name], cwd=os.path.join(HERE, 'prometheus'),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        tap.ok(p.returncode == 0, title, p.stdout.decode('utf-8', 'replace').strip())


def main():
    tap = Tap()
    api = Api()
    yaml_files(tap)
    dashboards(tap, api)
    metrics(tap)
    addresses(tap, api)
    zabbix(tap, api)
    icinga(tap)
    rules(tap)
    tap.done()


main()
