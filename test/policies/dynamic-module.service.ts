/** A native module in the real Envoy. It is compiled here, so this test needs a C compiler (`cc`). */
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { policyField } from './coverage/policy-field.js'

/** Functions that a module must have, and that nothing here leads to. */
const UNUSED = [
  'local_reply',
  'scheduled',
  'http_callout_done',
  'http_stream_headers',
  'http_stream_data',
  'http_stream_trailers',
  'http_stream_complete',
  'http_stream_reset',
  'downstream_above_write_buffer_high_watermark',
  'downstream_below_write_buffer_low_watermark',
  'config_scheduled',
  'config_http_callout_done',
  'config_http_stream_headers',
  'config_http_stream_data',
  'config_http_stream_trailers',
  'config_http_stream_complete',
  'config_http_stream_reset',
]

/**
 * Adds the header `x-module: <filter name>/<configuration>` to requests, and "world" where a module that says it is loaded for all; the filter `answer` answers them.
 *
 * Source: Envoy 1.40, source/extensions/dynamic_modules/abi/abi.h: the functions that every HTTP module must have.
 */
const MODULE = `
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
typedef struct { const char* ptr; size_t length; } buffer;
bool envoy_dynamic_module_callback_http_add_header(void* envoy, int type, buffer key, buffer value);
void envoy_dynamic_module_callback_http_send_response(void* envoy, uint32_t status, void* headers, size_t count, buffer body, buffer details);
typedef struct { char text[256]; size_t length; bool answers; } config;
#ifdef SAYS_WORD
const char* headgate_word(void) { return "world"; }
#else
__attribute__((weak)) const char* headgate_word(void);
#endif
const char* envoy_dynamic_module_on_program_init(void) { return "a test"; }
const void* envoy_dynamic_module_on_http_filter_config_new(void* envoy, buffer name, buffer given) {
  config* c = calloc(1, sizeof(config));
  memcpy(c->text, name.ptr, name.length);
  c->text[name.length] = '/';
  memcpy(c->text + name.length + 1, given.ptr, given.length);
  c->length = name.length + 1 + given.length;
  if (headgate_word) {
    memcpy(c->text + c->length, headgate_word(), 5);
    c->length += 5;
  }
  c->answers = name.length == 6 && memcmp(name.ptr, "answer", 6) == 0;
  return c;
}
void envoy_dynamic_module_on_http_filter_config_destroy(const void* c) { free((void*)c); }
const void* envoy_dynamic_module_on_http_filter_new(const void* c, void* envoy) { return c; }
int envoy_dynamic_module_on_http_filter_request_headers(void* envoy, const void* filter, bool end) {
  const config* c = filter;
  envoy_dynamic_module_callback_http_add_header(envoy, 0, (buffer){"x-module", 8}, (buffer){c->text, c->length});
  if (!c->answers) return 0;
  envoy_dynamic_module_callback_http_send_response(envoy, 418, NULL, 0, (buffer){c->text, c->length}, (buffer){"test", 4});
  return 1;
}
int envoy_dynamic_module_on_http_filter_request_body(void* envoy, const void* filter, bool end) { return 0; }
int envoy_dynamic_module_on_http_filter_request_trailers(void* envoy, const void* filter) { return 0; }
int envoy_dynamic_module_on_http_filter_response_headers(void* envoy, const void* filter, bool end) { return 0; }
int envoy_dynamic_module_on_http_filter_response_body(void* envoy, const void* filter, bool end) { return 0; }
int envoy_dynamic_module_on_http_filter_response_trailers(void* envoy, const void* filter) { return 0; }
void envoy_dynamic_module_on_http_filter_stream_complete(void* envoy, const void* filter) {}
void envoy_dynamic_module_on_http_filter_destroy(const void* filter) {}
${UNUSED.map((name) => `int envoy_dynamic_module_on_http_filter_${name}(void) { return 0; }`).join('\n')}
`

const folder = mkdtempSync(join(tmpdir(), 'headgate-module-'))
const world = featureWorld(['open', 'guarded'], undefined, async () => {
  await writeFile(join(folder, 'module.c'), MODULE)
  const compile = (name: string, ...flags: readonly string[]) =>
    promisify(execFile)('cc', [...flags, '-shared', '-fPIC', '-o', join(folder, `lib${name}.so`), join(folder, 'module.c')])
  for (const name of ['headgate_test', 'closes', 'stays', 'reader']) await compile(name)
  await compile('writer', '-DSAYS_WORD')
  const envoy = join(folder, 'envoy')
  await writeFile(envoy, `#!/bin/sh\nENVOY_DYNAMIC_MODULES_SEARCH_PATH=${folder} exec ${(await findEnvoy()).path} "$@"\n`, { mode: 0o755 })
  return { envoy: { kind: 'path', path: envoy } }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('guarded')}`)}, {${to('open')}}]`)
const policy = (modules: string) => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: x}]
  dynamicModule: [${modules}]
`

policyField(
  ['ExtensionPolicy dynamicModule.{name,filterName,config,terminalFilter}'],
  'runs the filters of a module, in their order, with their configuration',
  async () => {
    const seen = async () => (await world.ask({ path: '/x' })).echo?.headers['x-module']
    await world.write(ROUTE, policy('{name: headgate_test}'))
    expect(world.conditions('ExtensionPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    expect(await seen()).toBe('headgate_test/')
    await world.write(
      ROUTE,
      policy('{name: headgate_test, filterName: a, config: text}, {name: headgate_test, filterName: b, config: {n: 1}}'),
    )
    expect(await seen()).toBe('a/text, b/{"n":1}')
    await world.write(ROUTE, policy('{name: headgate_test, filterName: answer, terminalFilter: true}'))
    expect(await world.ask({ path: '/x' })).toMatchObject({ status: 418, body: 'answer/' })
    expect(await world.answerer({ path: '/' })).toBe('open')
  },
)

/** The modules that a process has in its memory. */
async function loaded(): Promise<ReadonlySet<string>> {
  const ids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))
  const maps = await Promise.all(ids.map((id) => readFile(`/proc/${id}/maps`, 'utf8').catch(() => '')))
  return new Set([...maps.join('\n').matchAll(new RegExp(`${folder}/lib(.*)\\.so`, 'g'))].map(([, name = '']) => name))
}

policyField(
  ['ExtensionPolicy dynamicModule.doNotClose'],
  'a module leaves the memory when nothing uses it, unless it is to stay',
  async () => {
    await world.write(ROUTE, policy('{name: closes}, {name: stays, doNotClose: true}'))
    await eventually(async () => expect([...(await loaded())]).toEqual(expect.arrayContaining(['closes', 'stays'])), 20_000)
    await world.write(ROUTE)
    await eventually(async () => expect(await loaded()).not.toContain('closes'), 20_000)
    expect(await loaded()).toContain('stays')
  },
)

policyField(['ExtensionPolicy dynamicModule.loadGlobally'], 'a module finds the symbols of one that was loaded for all', async () => {
  const seen = async () => (await world.ask({ path: '/x' })).echo?.headers['x-module']
  await world.write(ROUTE, policy('{name: writer}, {name: reader}'))
  await eventually(async () => expect(await seen()).toBe('writer/world, reader/'), 20_000)
  await world.write(ROUTE)
  await eventually(async () => expect([...(await loaded())]).not.toEqual(expect.arrayContaining(['reader'])), 20_000)
  // Envoy loads the modules of one route in no particular order: the one that is looked into must be there first.
  await world.write(ROUTE, policy('{name: writer, loadGlobally: true}'))
  await eventually(async () => expect(await seen()).toBe('writer/world'), 20_000)
  await world.write(ROUTE, policy('{name: writer, loadGlobally: true}, {name: reader}'))
  await eventually(async () => expect(await seen()).toBe('writer/world, reader/world'), 20_000)
})

it('a module that the proxy does not have closes its rule, and the policy says so', async () => {
  await world.write(ROUTE)
  await world.write(ROUTE, policy('{name: nowhere}'))
  await eventually(() => expect(world.conditions('ExtensionPolicy/default/p')).toEqual(['Accepted=False/Invalid']), 20_000)
  await eventually(async () => expect(await world.answerer({ path: '/x' })).toBe(500), 20_000)
  expect(await world.answerer({ path: '/' })).toBe('open')
}, 60_000)
