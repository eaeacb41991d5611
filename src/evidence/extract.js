/* What evidence/page_take wants to know of a document, as JSON. Runs in an isolated world: the page's scripts cannot reach it. The page's
 * elements can stand in for members of document and of forms (<input name="action">), so members are read from the prototypes. What comes
 * out is hostile all the same. LIMITS is put in front by extract.c. */
(() => {
	'use strict';
	const getter = (proto, name) => {
		const found = Object.getOwnPropertyDescriptor(proto, name);
		return (object) => (found && found.get ? found.get.call(object) : undefined);
	};
	const query = (root, css) => [...Document.prototype.querySelectorAll.call(root, css)];
	const attr = (el, name) => Element.prototype.getAttribute.call(el, name);
	const body = getter(Document.prototype, 'body')(document);
	const root = getter(Document.prototype, 'documentElement')(document);
	const title = getter(Document.prototype, 'title')(document);
	const base = getter(Node.prototype, 'baseURI')(document) || location.href;
	const tagOf = getter(Element.prototype, 'localName');
	const textOf = getter(Node.prototype, 'textContent');
	const parentOf = getter(Node.prototype, 'parentElement');
	const innerText = getter(HTMLElement.prototype, 'innerText');
	let cut = false;
	const clip = (value, max) => {
		let text = value === null || value === undefined ? '' : String(value);
		if (text.length > max) {
			cut = cut || max === LIMITS.visible;
			text = text.slice(0, max);
		}
		return text.replace(/\0/g, '\ufffd');
	};
	const short = (value) => clip(value, LIMITS.text).replace(/\s+/g, ' ').trim();
	const absolute = (value) => {
		if (value === null) return '';
		try {
			return clip(new URL(value, base).href, LIMITS.url);
		} catch (e) {
			return clip(value, LIMITS.url);
		}
	};
	const take = (list, max) => {
		cut = cut || list.length > max;
		return list.slice(0, max);
	};
	const visible = (el) => {
		const box = Element.prototype.getBoundingClientRect.call(el);
		if (box.width < 1 || box.height < 1) return false;
		const style = getComputedStyle(el);
		return style.visibility !== 'hidden' && style.display !== 'none' && Number(style.opacity) > 0.05;
	};
	const textNear = (el) => {
		for (let at = el, i = 0; at && i < 4; at = parentOf(at), i++) {
			for (let p = at.previousSibling, n = 0; p && n < 4; p = p.previousSibling, n++) {
				const text = short(textOf(p));
				if (text && !(p.querySelector && Element.prototype.querySelector.call(p, 'input,select,textarea,script,style'))) return text.slice(-200);
			}
		}
		return '';
	};
	const labelOf = (el) => {
		const proto = el instanceof HTMLSelectElement ? HTMLSelectElement : el instanceof HTMLTextAreaElement ? HTMLTextAreaElement
			: el instanceof HTMLButtonElement ? HTMLButtonElement : HTMLInputElement;
		const labels = getter(proto.prototype, 'labels')(el);
		const words = labels && labels.length ? short([...labels].map((l) => textOf(l)).join(' ')) : '';
		if (words) return words;
		if (attr(el, 'aria-label')) return short(attr(el, 'aria-label'));
		const by = attr(el, 'aria-labelledby');
		if (by) {
			const text = by.split(/\s+/).slice(0, 5).map((id) => Document.prototype.getElementById.call(document, id)).filter(Boolean).map((l) => textOf(l)).join(' ');
			if (text) return short(text);
		}
		if (proto === HTMLButtonElement) return short(textOf(el));
		if (/^(submit|button|reset|image)$/i.test(attr(el, 'type') || '')) return short(attr(el, 'value') || attr(el, 'alt'));
		return attr(el, 'title') ? short(attr(el, 'title')) : textNear(el);
	};
	const formElements = take(query(document, 'form'), LIMITS.forms);
	const forms = formElements.map((f) => ({action: absolute(attr(f, 'action') || ''), method: short(attr(f, 'method') || 'get').toLowerCase(),
		name: short(attr(f, 'name')), id: short(attr(f, 'id')), visible: visible(f)}));
	const fieldElements = take(query(document, 'input,select,textarea,button'), LIMITS.fields);
	const owner = (el) => {
		const id = attr(el, 'form');
		return formElements.indexOf(id ? Document.prototype.getElementById.call(document, id) : Element.prototype.closest.call(el, 'form'));
	};
	const fields = fieldElements.map((el) => {
		const max = parseInt(attr(el, 'maxlength'), 10);
		return {form: owner(el), tag: tagOf(el), type: short(attr(el, 'type') || (tagOf(el) === 'input' ? 'text' : '')).toLowerCase(),
			name: short(attr(el, 'name')), id: short(attr(el, 'id')), label: labelOf(el), placeholder: short(attr(el, 'placeholder')),
			autocomplete: short(attr(el, 'autocomplete')), pattern: short(attr(el, 'pattern')),
			maxlength: max >= 0 && max < 1e9 ? max : -1, required: attr(el, 'required') !== null, visible: visible(el)};
	});
	const links = take(query(document, 'a[href],area[href]'), LIMITS.links).map((a) => ({url: absolute(attr(a, 'href')), text: short(textOf(a)).slice(0, 300)}));
	const text = clip(body ? innerText(body) : '', LIMITS.visible);
	const years = [];
	for (const found of text.matchAll(/(?:©|\(c\)|copyright)[^\n]{0,40}?((?:19|20)\d\d)(?:\s*[-–~～]\s*((?:19|20)\d\d))?/gi)) {
		for (const year of found.slice(1)) {
			if (year && !years.includes(year) && years.length < LIMITS.years) years.push(year);
		}
	}
	const paths = new Set(), known = new Map();
	let nodes = 0;
	const walker = document.createTreeWalker ? Document.prototype.createTreeWalker.call(document, document, NodeFilter.SHOW_ELEMENT) : null;
	for (let el = walker && walker.nextNode(); el; el = walker.nextNode()) {
		nodes++;
		if (nodes > LIMITS.walk || paths.size >= LIMITS.paths) continue;
		const up = known.get(parentOf(el)) || {depth: 0, path: ''};
		const own = {depth: up.depth + 1, path: up.depth >= LIMITS.depth ? up.path : up.path + (up.path ? '>' : '') + clip(tagOf(el), 40)};
		known.set(el, own);
		paths.add(own.path);
	}
	/* A page that shows next to nothing but one thing to press, or only a mark: (BP1: 「！」). */
	const pressable = query(document, 'a[href],button,[role=button],[onclick],input[type=submit],input[type=button],input[type=image]').filter(visible);
	const outer = pressable.filter((el) => !pressable.some((other) => other !== el && other.contains(el)));
	const typed = fieldElements.some((el) => !/^(hidden|submit|button|image|reset)$/i.test(attr(el, 'type') || '') && tagOf(el) !== 'button' && visible(el));
	const words = text.replace(/\s+/g, '');
	const mark = words.length <= 3 && /^[!！⚠❗‼️?？。.…]*$/u.test(words);
	let click = null;
	if (body && !typed && (outer.length === 1 || (outer.length === 0 && mark))) {
		const what = outer[0] || query(document, 'img,svg,p,h1,h2,div,span').filter(visible)[0] || body;
		Element.prototype.scrollIntoView.call(what, {block: 'center', inline: 'center', behavior: 'instant'});
		const box = Element.prototype.getBoundingClientRect.call(what);
		click = {x: Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 2), y: Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 2),
			text: short(attr(what, 'value') || textOf(what)).slice(0, 100), tag: tagOf(what)};
	}
	const icon = query(document, 'link[rel~=icon],link[rel="shortcut icon"],link[rel=apple-touch-icon]')[0];
	return JSON.stringify({url: clip(location.href, LIMITS.url), title: clip(title, LIMITS.title).trim(), lang: short(root ? attr(root, 'lang') : ''),
		charset: short(getter(Document.prototype, 'characterSet')(document)), nodes,
		width: Math.round(root ? Math.max(root.scrollWidth, innerWidth) : 0), height: Math.round(root ? Math.max(root.scrollHeight, body ? body.scrollHeight : 0) : 0),
		text, favicon: icon ? absolute(attr(icon, 'href')) : '', forms, fields, links, years, paths: [...paths].slice(0, LIMITS.paths), click, cut});
})()
