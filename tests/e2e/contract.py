"""Is a document good OpenAPI 3.1, and is an answer what it says? The part of both we use.

Whatever keyword is not known here is a fault, so nothing in the file goes unchecked.
"""
import re

METHODS = ('get', 'put', 'post', 'delete')
DAY = re.compile(r'^\d{4}-\d\d-\d\d$')
TIME = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
FORMATS = {'date': DAY, 'date-time': TIME}
TYPES = {
    'object': lambda v: isinstance(v, dict),
    'array': lambda v: isinstance(v, list),
    'string': lambda v: isinstance(v, str),
    'integer': lambda v: isinstance(v, int) and not isinstance(v, bool),
    'number': lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    'boolean': lambda v: isinstance(v, bool),
    'null': lambda v: v is None,
}
# Objects of OpenAPI: the members each must and may have.
SHAPES = {
    'root': ('openapi info paths', 'servers components'),
    'info': ('title version', 'summary description license'),
    'license': ('name', 'identifier'),
    'operation': ('responses operationId summary parameters',
                  'description requestBody security deprecated'),
    'parameter': ('name in schema description', 'required example style explode'),
    'header': ('schema', 'description'),
    'response': ('description', 'headers content'),
    'media': ('schema', ''),
    'body': ('content', 'required description'),
    'components': ('', 'parameters headers responses schemas securitySchemes'),
    'scheme': ('type', 'scheme description'),
}
KEYWORDS = {
    'type': lambda v: all(t in TYPES for t in (v if isinstance(v, list) else [v])),
    'format': lambda v: v in FORMATS,
    'enum': lambda v: isinstance(v, list) and v and len(set(v)) == len(v),
    'const': lambda v: True,
    'default': lambda v: True,
    'pattern': lambda v: re.compile(v),
    'description': lambda v: isinstance(v, str) and v,
    'minimum': TYPES['number'], 'maximum': TYPES['number'],
    'minLength': TYPES['integer'], 'maxLength': TYPES['integer'], 'maxItems': TYPES['integer'],
    'required': lambda v: isinstance(v, list) and len(set(v)) == len(v),
    'properties': lambda v: isinstance(v, dict),
    'additionalProperties': lambda v: v is False,
    'items': lambda v: isinstance(v, dict),
    'allOf': lambda v: isinstance(v, list) and v,
    '$ref': lambda v: isinstance(v, str),
}


class Contract:
    def __init__(self, document):
        self.document = document
        self.used = set()

    # ---- references -------------------------------------------------------------------------

    def resolve(self, one):
        """What a {"$ref": ...} stands for; anything else stands for itself."""
        while isinstance(one, dict) and '$ref' in one:
            self.used.add(one['$ref'])
            found = self.document
            for step in one['$ref'].lstrip('#/').split('/'):
                found = found[step]
            one = found
        return one

    def operations(self):
        for path, item in self.document['paths'].items():
            for method, operation in item.items():
                yield path, method, operation

    def parameters(self, operation, where='query'):
        found = [self.resolve(p) for p in operation['parameters']]
        return [p for p in found if p['in'] == where]

    def response(self, operation, status):
        one = operation['responses'].get(str(status))
        return None if one is None else self.resolve(one)

    # ---- the document -----------------------------------------------------------------------

    def shape(self, kind, one, place):
        must, may = (set(names.split()) for names in SHAPES[kind])
        if not isinstance(one, dict):
            yield '%s: not an object' % place
            return
        if not must <= set(one) or not set(one) <= must | may:
            yield '%s: %s must have %s and may have %s' % (place, sorted(one), sorted(must), sorted(may))

    def schema_faults(self, schema, place):
        for word, value in schema.items():
            if word not in KEYWORDS or not KEYWORDS[word](value):
                yield '%s: keyword %s: %r' % (place, word, value)
        if '$ref' in schema:
            try:
                self.resolve(schema)
            except KeyError:
                yield '%s: nothing is at %s' % (place, schema['$ref'])
            return
        if not {'type', 'allOf', 'const'} & set(schema):
            yield '%s: has no type' % place
        for name in schema.get('required', []):
            if name not in schema.get('properties', {}):
                yield '%s: required %s is no property' % (place, name)
        for name, one in schema.get('properties', {}).items():
            yield from self.schema_faults(one, place + '.' + name)
        for i, one in enumerate(schema.get('allOf', [])):
            yield from self.schema_faults(one, '%s[%d]' % (place, i))
        if 'items' in schema:
            yield from self.schema_faults(schema['items'], place + '[]')
        if 'default' in schema:
            yield from self.check({k: v for k, v in schema.items() if k != 'default'},
                                  schema['default'], place + ': default')

    def parameter_faults(self, one, place):
        yield from self.shape('parameter', one, place)
        yield from self.schema_faults(one['schema'], place)
        if one['in'] not in ('query', 'path') or (one['in'] == 'path') != one.get('required', False):
            yield place + ': a parameter of the path is required, one of the query is not'
        if 'example' in one:
            yield from self.check(one['schema'], one['example'], place + ': example')

    def content_faults(self, content, place):
        for media, one in content.items():
            if not re.match(r'^[a-z]+/[a-z0-9+.-]+$', media):
                yield '%s: %s is no media type' % (place, media)
            yield from self.shape('media', one, place + ' ' + media)
            yield from self.schema_faults(one['schema'], place + ' ' + media)

    def response_faults(self, one, place):
        yield from self.shape('response', one, place)
        yield from self.content_faults(one.get('content', {}), place)
        for name, header in one.get('headers', {}).items():
            yield from self.shape('header', self.resolve(header), place + ' ' + name)
            yield from self.schema_faults(self.resolve(header)['schema'], place + ' ' + name)

    def operation_faults(self, path, method, operation):
        place = method + ' ' + path
        yield from self.shape('operation', operation, place)
        if method not in METHODS:
            yield place + ': no such method'
        for one in operation['parameters']:
            yield from self.parameter_faults(self.resolve(one), place)
        named = [p['name'] for p in self.parameters(operation, 'path')]
        if sorted(named) != sorted(re.findall(r'\{(\w+)\}', path)):
            yield '%s: the path has other parameters than %s' % (place, named)
        query = [p['name'] for p in self.parameters(operation)]
        if len(set(query)) != len(query):
            yield '%s: a parameter twice: %s' % (place, query)
        if not any(s.startswith('2') for s in operation['responses']):
            yield place + ': nothing succeeds'
        for status, one in operation['responses'].items():
            if not re.match(r'^[2345]\d\d$', status):
                yield '%s: %s is no status' % (place, status)
            yield from self.response_faults(self.resolve(one), '%s %s' % (place, status))
        if 'requestBody' in operation:
            yield from self.shape('body', operation['requestBody'], place)
            yield from self.content_faults(operation['requestBody']['content'], place)
        for need in operation.get('security', []):
            for name in need:
                if name not in self.document['components'].get('securitySchemes', {}):
                    yield '%s: no security scheme %s' % (place, name)

    def faults(self):
        """What is wrong with the document itself."""
        document = self.document
        yield from self.shape('root', document, 'document')
        yield from self.shape('info', document['info'], 'info')
        yield from self.shape('license', document['info']['license'], 'license')
        yield from self.shape('components', document['components'], 'components')
        if not re.match(r'^3\.1\.\d+$', document['openapi']):
            yield 'openapi is ' + document['openapi']
        ids = [operation['operationId'] for _, _, operation in self.operations()]
        if len(set(ids)) != len(ids):
            yield 'an operationId is given twice: %s' % ids
        for path, method, operation in self.operations():
            if not path.startswith('/'):
                yield path + ' does not begin with a slash'
            yield from self.operation_faults(path, method, operation)
        for name, schema in document['components']['schemas'].items():
            yield from self.schema_faults(schema, name)
        for name, scheme in document['components'].get('securitySchemes', {}).items():
            yield from self.shape('scheme', scheme, name)
        for section in ('parameters', 'headers', 'responses', 'schemas'):
            for name in document['components'].get(section, {}):
                if not re.match(r'^[\w.-]+$', name):
                    yield '%s is no name of a component' % name
                if '#/components/%s/%s' % (section, name) not in self.used:
                    yield '%s %s is used by nothing' % (section, name)

    # ---- values -----------------------------------------------------------------------------

    def properties(self, schema):
        schema = self.resolve(schema)
        found = dict(schema.get('properties', {}))
        for part in schema.get('allOf', []):
            found.update(self.properties(part))
        return found

    def check(self, schema, value, place='$'):
        """How a value differs from its schema."""
        schema = self.resolve(schema)
        types = schema.get('type')
        if types and not any(TYPES[t](value) for t in (types if isinstance(types, list) else [types])):
            yield '%s: %r is no %s' % (place, value, types)
            return
        if 'const' in schema and value != schema['const']:
            yield '%s: %r is not %r' % (place, value, schema['const'])
        if 'enum' in schema and value not in schema['enum']:
            yield '%s: %r is none of %r' % (place, value, schema['enum'])
        for part in schema.get('allOf', []):
            yield from self.check(part, value, place)
        if isinstance(value, str):
            if 'format' in schema and not FORMATS[schema['format']].match(value):
                yield '%s: %r is no %s' % (place, value, schema['format'])
            if 'pattern' in schema and not re.search(schema['pattern'], value):
                yield '%s: %r is not like %s' % (place, value, schema['pattern'])
            if not schema.get('minLength', 0) <= len(value) <= schema.get('maxLength', len(value)):
                yield '%s: %r is too long or too short' % (place, value)
        elif TYPES['number'](value):
            if not schema.get('minimum', value) <= value <= schema.get('maximum', value):
                yield '%s: %r is too large or too small' % (place, value)
        elif isinstance(value, list):
            if len(value) > schema.get('maxItems', len(value)):
                yield '%s: %d items' % (place, len(value))
            for i, one in enumerate(value):
                yield from self.check(schema.get('items', {}), one, '%s[%d]' % (place, i))
        elif isinstance(value, dict):
            for name in schema.get('required', []):
                if name not in value:
                    yield '%s: %s is missing' % (place, name)
            for name, one in value.items():
                if name in schema.get('properties', {}):
                    yield from self.check(schema['properties'][name], one, place + '.' + name)

    def undescribed(self, schema, value, place='$'):
        """Members of the value that the schema does not name: clients may meet them, we may not."""
        schema = self.resolve(schema)
        if isinstance(value, list):
            for i, one in enumerate(value):
                yield from self.undescribed(schema.get('items', {}), one, '%s[%d]' % (place, i))
        elif isinstance(value, dict) and (schema.get('properties') or schema.get('allOf')):
            known = self.properties(schema)
            for name, one in value.items():
                if name not in known:
                    yield '%s.%s' % (place, name)
                else:
                    yield from self.undescribed(known[name], one, place + '.' + name)
