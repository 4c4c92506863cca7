// The plain pages in Chromium: nothing fails, nothing leaves, nothing overflows, all can be reached.
// TAP on standard output. Started by pages.sh.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const source = process.env.RUAD_SOURCE;
const place = mkdtempSync(join(tmpdir(), 'ruad-browser-'));
const db = join(place, 'ruad.db');

let count = 0, failed = 0;
function ok(good, name, why = '') {
	count++;
	if (!good)
		failed++;
	console.log(`${good ? 'ok' : 'not ok'} ${count} - ${name}`);
	if (!good && why)
		console.log(String(why).replace(/^/gm, '# '));
	return good;
}

function run(program, ...args) {
	const r = spawnSync(program, args, { encoding: 'utf8', timeout: 120000 });
	if (r.status !== 0 && r.status !== 65)
		throw new Error(`${program} ${args.join(' ')}: ${r.status} ${r.stderr}`);
	return r.stdout;
}

function serve(path) {
	const child = spawn(process.env.RUAD_WEB, ['--db', path, '--listen', '127.0.0.1:0']);
	return new Promise((resolve, reject) => {
		let said = '';
		child.stderr.on('data', (data) => {
			said += data;
			const at = said.match(/on (http:\/\/\S+)/);
			if (at)
				resolve({ child, base: at[1] });
		});
		child.on('exit', (status) => reject(new Error(`ruad-web ended with ${status}: ${said}`)));
	});
}

// A page that remembers what should not have happened on it.
async function open(context, base, path) {
	const page = await context.newPage();
	page.faults = [];
	page.on('console', (m) => m.type() === 'error' && page.faults.push(m.text()));
	page.on('pageerror', (e) => page.faults.push(String(e)));
	page.on('dialog', (d) => { page.faults.push('a dialog'); d.dismiss(); });
	page.on('request', (r) => r.url().startsWith(base) || r.url().startsWith('data:') ||
		page.faults.push('asked ' + r.url()));
	await page.goto(base + path);
	return page;
}

const PAGES = ['/', '/?last=all', '/?last=7d&result=fail', '/d/example.com?last=90d',
	'/d/ejemplo.es?source=198.51.100.140', '/reports?last=all', '/reports?partial=true&last=all', '/reports/1',
	'/receipts', '/receipts?ending=stored', '/?from=1999-01-01&to=1999-01-31', '/nothing', '/?x=1'];

function inLanguage(path, lang) {
	return path + (path.includes('?') ? '&' : '?') + 'lang=' + lang;
}

async function accessible(page, name) {
	await page.evaluate(axe);
	const seen = await page.evaluate(() => axe.run({ resultTypes: ['violations'] }));
	ok(seen.violations.length === 0 && seen.passes.length > 10, `${name}: axe finds nothing`,
		seen.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes[0].html}`).join('\n'));
}

async function everyPage(browser, base) {
	for (const [colorScheme, lang] of [['light', 'en'], ['dark', 'es']]) {
		const context = await browser.newContext({ colorScheme });
		for (const path of PAGES) {
			const page = await open(context, base, inLanguage(path, lang));
			const faults = page.faults.filter((f) => !/status of 40[04]/.test(f));
			ok(faults.length === 0, `${path} in ${lang}, ${colorScheme}: no error, no request elsewhere`,
				faults.join('\n'));
			await accessible(page, `${path} in ${lang}, ${colorScheme}`);
			await page.close();
		}
		await context.close();
	}
}

async function narrow(browser, base) {
	const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
	for (const path of PAGES) {
		const page = await open(context, base, inLanguage(path, 'es'));
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		ok(width <= 320, `${path} does not scroll sideways at 320 px`, `${width} px`);
		await page.close();
	}
	await context.close();
}

// From the first page to the XML by what can be clicked, with scripts off.
async function path(browser, base) {
	const context = await browser.newContext({ javaScriptEnabled: false, acceptDownloads: true });
	const page = await open(context, base, '/?last=all');
	await page.locator('table.domains tbody th a').first().click();
	ok(page.url().includes('/d/') && page.url().includes('last=all'),
		'a domain is one click away, in the same window', page.url());
	const messages = await page.locator('table.sources tbody tr').first().locator('td.n').first().innerText();
	await page.locator('table.sources tbody th a').first().click();
	ok((await page.locator('dl.tiles .all dd b').innerText()) === messages,
		'a source shows as many messages as its row said');
	ok(await page.locator('table.records tbody tr').count() > 0, 'and the records it is in');
	await page.locator('select[name=result]').selectOption('fail');
	await page.locator('form button').click();
	ok(page.url().includes('result=fail') && page.url().includes('group='),
		'the form narrows what was chosen', page.url());
	await page.goto(base + '/d/ejemplo.es?last=all');
	await page.locator('table.reports tbody th a').first().click();
	const download = page.waitForEvent('download');
	await page.locator('a.action').click();
	const file = await (await download).path();
	ok(readFileSync(file, 'utf8').includes('<feedback'), 'a report ends at its XML');
	await page.goto(base + '/?last=all');
	await page.locator('.languages a[lang=es]').click();
	ok(page.url().includes('lang=es') && page.url().includes('last=all') &&
		(await page.locator('html').getAttribute('lang')) === 'es', 'the other language keeps the page');
	await page.locator('table.domains tbody th a').first().click();
	ok((await page.locator('html').getAttribute('lang')) === 'es', 'and the next page keeps the language');
	await context.close();
}

async function keyboard(browser, base) {
	const context = await browser.newContext();
	const page = await open(context, base, '/d/example.com?last=all');
	await page.keyboard.press('Tab');
	const box = await page.locator('a.skip').boundingBox();
	ok(box && box.x >= 0 && box.y >= 0, 'the first Tab shows the way past the menu');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Tab');
	const inside = await page.evaluate(() => document.querySelector('main').contains(document.activeElement));
	ok(inside, 'and it leads there');
	const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
	ok(outline !== 'none', 'the focus can be seen');
	await context.close();
}

async function print(browser, base) {
	const context = await browser.newContext();
	const page = await open(context, base, '/d/example.com?last=all');
	await page.emulateMedia({ media: 'print' });
	ok(await page.locator('.top nav').first().isHidden() && await page.locator('table.sources').isVisible(),
		'on paper there is the table and no menu');
	await context.close();
}

async function hostile(browser) {
	const file = join(place, 'hostile.xml'), other = join(place, 'hostile.db');
	const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'\u202e' + 'A'.repeat(900);
	const mk = join(source, 'tests', 'e2e', 'mk.py');
	writeFileSync(file, run('python3', mk, 'xml', 'org=' + evil, 'id=' + evil, 'email=' + evil));
	run(process.env.RUAD_INGEST, '--db', other, file);
	const { child, base } = await serve(other);
	const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
	for (const at of ['/?last=all', '/d/example.com?last=all', '/reports?last=all', '/reports/1',
		'/receipts?ending=stored']) {
		const page = await open(context, base, at);
		const seen = await page.evaluate(() => [document.documentElement.scrollWidth,
			document.querySelectorAll('script, main img').length]);
		ok(page.faults.length === 0 && seen[0] <= 320 && seen[1] === 0,
			`a hostile report changes nothing on ${at}`, page.faults.concat(seen).join('\n'));
		await page.close();
	}
	await context.close();
	child.kill();
}

async function firstRun(browser) {
	const { child, base } = await serve(join(place, 'none.db'));
	const context = await browser.newContext();
	const page = await open(context, base, '/');
	ok(await page.locator('ol.steps > li').count() === 3 && !/%/.test(await page.locator('main').innerText()) &&
		await page.locator('main svg').count() === 0 && page.faults.length === 0,
		'without reports there are three steps, no chart and no percentage', page.faults.join('\n'));
	await accessible(page, 'the first page');
	await context.close();
	child.kill();
}

let browser, server;
try {
	run('python3', join(source, 'tests', 'sample', 'make_sample.py'), join(place, 'mails'));
	run(process.env.RUAD_INGEST, '--db', db, join(place, 'mails'));
	run(process.env.RUAD_QUERY, '--db', db, 'domain', 'add', 'example.com');
	run(process.env.RUAD_QUERY, '--db', db, 'domain', 'add', 'ejemplo.es');
	server = await serve(db);
	browser = await chromium.launch({ executablePath: process.argv[2],
		args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
	await everyPage(browser, server.base);
	await narrow(browser, server.base);
	await path(browser, server.base);
	await keyboard(browser, server.base);
	await print(browser, server.base);
	await hostile(browser);
	await firstRun(browser);
} catch (e) {
	ok(false, 'the browser test ran to its end', e.stack);
} finally {
	await browser?.close();
	server?.child.removeAllListeners('exit').kill();
	rmSync(place, { recursive: true, force: true });
}
console.log(`1..${count}`);
process.exit(failed > 0 ? 1 : 0);
