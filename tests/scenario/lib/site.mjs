// A site of bad pages on loopback, for the browser's tests: node site.mjs [KEY.pem CERT.pem]. Prints "http PORT [https PORT]", then a line of JSON for
// every request. Ends with its standard input. Imitates an invented bank only and keeps nothing.
import http from 'node:http';
import https from 'node:https';
import fs from 'node:fs';
import crypto from 'node:crypto';

const [keyFile, certFile] = process.argv.slice(2);
const visits = new Map();
const html = (res, body, more = {}) => {
	res.writeHead(more.status || 200, {'Content-Type': 'text/html; charset=utf-8', ...more.headers});
	res.end(`<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${more.head || ''}<title>${more.title || 'みほん'}</title></head><body>${body}</body></html>`);
};
const login = (res, more = {}) => html(res, `<header style="background:#063;color:#fff;padding:16px"><h1>みほん銀行</h1></header>
<h2>インターネットバンキング ログイン</h2><p>お客さまの口座を保護するため、ご本人確認をお願いいたします。</p>
<form action="/send.php" method="post" name="login"><input type="hidden" name="action" value="step1">
<p><label for="a">店番号</label> <input id="a" name="branch" type="tel" maxlength="3" required autocomplete="off"></p>
<p><label>口座番号 <input name="account" type="tel" maxlength="7" placeholder="半角数字7桁"></label></p>
<table><tr><th>ログインパスワード</th><td><input name="pw" type="password" maxlength="12"></td></tr></table>
<p><select name="pref" aria-label="都道府県"><option>東京都<option>大阪府</select></p><button type="submit">ログイン</button></form>
<p><a href="/help">お困りの方</a></p><img src="/logo.svg" alt=""><footer>© 2019-2026 Mihon Bank, Ltd.</footer><script src="/app.js"></script>`,
{title: 'みほん銀行 ログイン', head: '<link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/site.css">', headers: {'Set-Cookie': ['SESSID=secret123; HttpOnly; Path=/', 'lang=ja; Path=/']}, ...more});

const pages = {
	'/': (q, res) => login(res),
	'/app.js': (q, res) => { res.writeHead(200, {'Content-Type': 'text/javascript'}); res.end('console.log("開始", {a: 1}); document.title += "";'); },
	'/site.css': (q, res) => { res.writeHead(200, {'Content-Type': 'text/css'}); res.end('body{font-family:sans-serif;margin:0 12px}'); },
	'/logo.svg': (q, res) => { res.writeHead(200, {'Content-Type': 'image/svg+xml'}); res.end('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="18" fill="#063"/></svg>'); },
	'/favicon.ico': (q, res) => { res.writeHead(200, {'Content-Type': 'image/png'}); res.end(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')); },
	'/go': (q, res) => { res.writeHead(302, {Location: '/go2', 'Set-Cookie': 'hop=1', 'Content-Type': 'text/plain'}); res.end('moved'); },
	'/go2': (q, res) => { res.writeHead(301, {Location: '/go3'}); res.end(); },
	'/go3': (q, res) => html(res, '', {head: '<meta http-equiv="refresh" content="0;url=/go4">'}),
	'/go4': (q, res) => html(res, '<script>location.replace("/#top")</script>'),
	'/endless': (q, res) => {
		res.writeHead(200, {'Content-Type': 'text/html; charset=utf-8'});
		res.write('<!DOCTYPE html><title>endless</title><p>はじまり</p>');
		const timer = setInterval(() => res.write('<p>まだ続く</p>'), 100);
		res.on('close', () => clearInterval(timer));
	},
	'/silent': () => {},
	'/huge': (q, res) => {
		res.writeHead(200, {'Content-Type': 'text/html; charset=utf-8', 'Content-Length': 200 << 20});
		const block = Buffer.from('<p>0123456789abcdef</p>\n'.repeat(4096));
		let left = 200 << 20;
		const more = () => {
			while (left > 0) {
				const part = left < block.length ? block.subarray(0, left) : block;
				left -= part.length;
				if (!res.write(part)) return res.once('drain', more);
			}
			res.end();
		};
		more();
	},
	'/hugeimage': (q, res) => html(res, '<p>画像の多いページ</p><img src="/huge">'),
	'/nested': (q, res) => html(res, '<p>入れ子</p>' + '<div>'.repeat(200000) + 'x'),
	'/nestedjs': (q, res) => html(res, '<p>入れ子</p><script>let e=document.body;for(let i=0;i<200000;i++){const d=document.createElement("div");e.appendChild(d);e=d}</script>'),
	'/alert': (q, res) => html(res, '<p>警告</p><script>addEventListener("beforeunload",(e)=>{e.preventDefault();e.returnValue="x"});alert("ウイルスに感染しました");confirm("続けますか");prompt("暗証番号は")</script><p>終わり</p>'),
	'/alertloop': (q, res) => html(res, '<p>警告の輪</p><script>for(;;)alert("はい")</script>'),
	'/loop': (q, res) => html(res, '<p>計算中のページ</p><script>setTimeout(()=>{for(;;);},50)</script>'),
	'/loopnow': (q, res) => html(res, '<p>計算中のページ</p><script>for(;;);</script>'),
	'/windows': (q, res) => html(res, '<p>窓のページです</p><script>setInterval(()=>{for(let i=0;i<5;i++)open("/help?"+Math.random())},20)</script>'),
	'/file': (q, res) => { res.writeHead(200, {'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment; filename="security.apk"'}); res.end(Buffer.alloc(100000)); },
	'/filepage': (q, res) => html(res, '<p>セキュリティアプリを入れてください。自動で始まります。</p><iframe src="/file"></iframe>'),
	'/permission': (q, res) => html(res, '<p id="p">許可を求めるページです。少々お待ちください。</p><script>navigator.geolocation.getCurrentPosition(()=>{p.append(" 取得")},(e)=>{p.append(" 拒否"+e.code)});Notification.requestPermission().then((s)=>p.append(" 通知"+s))</script>'),
	'/mark': (q, res) => html(res, '<div onclick="location.href=\'/\'" style="font-size:80px;text-align:center">！</div>', {title: '！'}),
	'/button': (q, res) => html(res, '<p style="padding:40px">お客さまへの大切なお知らせがあります。下のボタンを押して、内容をご確認ください。</p><button onclick="location.href=\'/\'">確認する</button>'),
	'/dead': (q, res) => html(res, '<button>何も起きない</button>'),
	'/cloak': (q, res) => {
		const agent = q.headers['user-agent'] || '';
		if (/iPhone|Android/.test(agent)) return login(res);
		return html(res, '<h1>404 Not Found</h1><p>お探しのページは見つかりませんでした。URLをご確認ください。</p>', {status: 404});
	},
	'/referrer': (q, res) => (/google/.test(q.headers.referer || '') ? html(res, '<h1>激安みほん商店</h1><p>ブランド品がどれも九割引です。</p>', {title: '商店'}) : html(res, '<h1>ブログ</h1><p>今日の天気は晴れです。散歩に行きました。</p>', {title: 'ブログ'})),
	'/second': (q, res) => (/seen=1/.test(q.headers.cookie || '') ? html(res, '<p>このリンクはすでに使われています。もう一度お試しください。</p>', {title: '二回目'}) : login(res, {title: '一回目', headers: {'Set-Cookie': 'seen=1; Path=/'}})),
	'/who': (q, res) => html(res, `<pre id="p">${JSON.stringify(q.headers)}</pre><pre id="j"></pre><script>
const n=navigator;const say=async()=>{const d={ua:n.userAgent,platform:n.platform,vendor:n.vendor,webdriver:n.webdriver,languages:n.languages,touch:n.maxTouchPoints,ontouch:'ontouchstart' in window,
width:innerWidth,height:innerHeight,screen:[screen.width,screen.height],dpr:devicePixelRatio,zone:Intl.DateTimeFormat().resolvedOptions().timeZone,locale:Intl.DateTimeFormat().resolvedOptions().locale,
chrome:!!window.chrome,data:n.userAgentData?await n.userAgentData.getHighEntropyValues(['platform','platformVersion','model','fullVersionList','architecture']):null,referrer:document.referrer};j.textContent=JSON.stringify(d)};say()</script>`, {headers: {'Accept-CH': 'Sec-CH-UA-Platform-Version, Sec-CH-UA-Model'}}),
	'/worker': (q, res) => html(res, '<p id="p">裏方のいるページです。しばらくお待ちください。</p><script>navigator.serviceWorker.register("/sw.js").then(()=>p.append(" 登録"),(e)=>p.append(" 失敗"+e));new Worker("/w.js").onmessage=(e)=>p.append(" "+e.data)</script>'),
	'/sw.js': (q, res) => { res.writeHead(200, {'Content-Type': 'text/javascript'}); res.end('addEventListener("install",()=>fetch("/from-sw"))'); },
	'/w.js': (q, res) => { res.writeHead(200, {'Content-Type': 'text/javascript'}); res.end('fetch("/from-worker").then(()=>postMessage("届いた"))'); },
	'/socket': (q, res) => html(res, '<p id="p">ソケットのページです。接続を待っています。</p><script>const s=new WebSocket((location.protocol==="https:"?"wss://":"ws://")+location.host+"/ws");s.onopen=()=>p.append(" 開いた")</script>'),
	'/late': (q, res) => html(res, '<div id="d"></div><script>setTimeout(()=>{d.innerHTML="<h1>遅れて出る本文です。ここまで二秒ほどかかります。</h1><form><input name=late></form>"},1500)</script>'),
	'/moves': (q, res) => html(res, '<p>移動し続けるページです</p><script>setTimeout(()=>{location.href="/moves?"+Math.random()},10)</script>'),
	'/clobber': (q, res) => html(res, '<img name="body"><img name="querySelectorAll"><img name="documentElement"><img name="createTreeWalker"><form action="/real.php"><input name="action"><input name="getAttribute"><input name="id" id="x"></form><p>乗っ取りを試みる要素の並ぶページ</p>'),
	'/odd': (q, res) => html(res, '<p id="p">おかしな文字のページです。壊れた文字を出します。</p><script>console.log("\\0nul \\ud800 half");document.title="a\\ud800b";p.append("\\ud800\\0x")</script>'),
	'/frames': (q, res) => html(res, '<p>枠の中にある入力欄のページです。</p><iframe src="/" width="300" height="400"></iframe>'),
	'/sjis': (q, res) => { res.writeHead(200, {'Content-Type': 'text/html; charset=Shift_JIS'}); res.end(Buffer.concat([Buffer.from('<!DOCTYPE html><title>x</title><p>'), Buffer.from([0x82, 0xdd, 0x82, 0xd9, 0x82, 0xf1, 0x8b, 0xe2, 0x8d, 0x73]), Buffer.from(' 0123456789 0123456789</p>')])); },
	'/long': (q, res) => html(res, '<h1>長いページ</h1>' + '<p style="margin:200px 0">段落です</p>'.repeat(100)),
	'/crash': (q, res) => html(res, '<p>倒れるページです。このあと描画の過程が止められます。</p><script>setTimeout(()=>fetch("/crash-now"),300);setInterval(()=>fetch("/tick"),200)</script>'),
};

const handle = (q, res) => {
	const path = new URL(q.url, 'http://x').pathname;
	console.log(JSON.stringify({method: q.method, path, host: q.headers.host, agent: q.headers['user-agent'], referer: q.headers.referer, language: q.headers['accept-language'], hints: Object.fromEntries(Object.entries(q.headers).filter(([n]) => n.startsWith('sec-')))}));
	visits.set(path, (visits.get(path) || 0) + 1);
	const page = pages[path];
	if (page) page(q, res);
	else { res.writeHead(404, {'Content-Type': 'text/plain'}); res.end('no\n'); }
};
const upgrade = (q, socket) => {
	const accept = crypto.createHash('sha1').update(q.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
	socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
	socket.on('error', () => {});
};
const listen = (server) => new Promise((done) => {
	server.on('upgrade', upgrade);
	server.listen(0, '127.0.0.1', () => done(server.address().port));
});
let said = 'http ' + await listen(http.createServer(handle));
if (keyFile) said += ' https ' + await listen(https.createServer({key: fs.readFileSync(keyFile), cert: fs.readFileSync(certFile)}, handle));
console.log(said);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
