#!/usr/bin/perl
# The web role against slow, rude and many clients: what is odd is refused, what is late is closed, and others notice nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);
use Web;

new_house('hostile');
add_user('admin', 'system_admin,analyst');
my $limit = sub { return qx(sh -c 'ulimit -Hn') =~ /unlimited/ ? 1e6 : 0 + qx(sh -c 'ulimit -Hn') };

# --- where it listens ---
my ($code, undef, $err) = hk('web', '--listen', '0.0.0.0:0', '--web-key', "$work/web.key");
is($code, 78, 'passwords do not cross a network in clear');
like($err, qr/--tls-cert.*--behind-proxy/, 'and it is told what helps');
is((hk('web', '--listen', 'localhost:80', '--web-key', "$work/web.key"))[0], 78, 'a name is no address to listen on');
is((hk('web', '--listen', '127.0.0.1:0', '--web-key', "$work/web.key", '--tls-cert', '/dev/null'))[0], 78, 'a certificate without its key');

start_web('--header-timeout', '2s', '--idle-timeout', '2s');
my $in = enter('admin');

# status(bytes): of the first answer; a request is closed by its own header unless said otherwise.
sub status {
	my ($bytes) = @_;
	return raw($bytes) =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
}
my $host = "Host: x\r\nConnection: close\r\n";

# --- targets ---
my %targets = (
	'/healthz' => 200, '/' => 200, '/index.html' => 200, '/nothing' => 404, '/api/v1/nothing' => 404, '/api/v1/healthz/' => 404,
	'/ui/../index.html' => 400, '/ui/%2e%2e/index.html' => 400, '/%2e%2e%2fetc/passwd' => 404, '/healthz?a=%' => 400, '/healthz?a=%zz' => 400,
	'/healthz?a=%00' => 400, '/healthz?a=%ff' => 400, '/healthz?a=1&a=2' => 400, '/healthz?a=%e7%81%ab' => 200, '/%01' => 400,
	'/api/v1/users/0' => 404, '/api/v1/users/-1' => 404, '/api/v1/users/18446744073709551616' => 404, '/api/v1/users/1%2f2' => 404,
	'*' => 400, 'http://x/healthz' => 400, '/' . 'a/' x 20 => 414, '/healthz?' . join('&', map { "p$_=1" } 1 .. 65) => 414,
	'/healthz?a=' . 'x' x 5000 => 414, '/' . 'x' x 8200 => 414,
);
for my $target (sort keys %targets) {
	is(status("GET $target HTTP/1.1\r\n$host\r\n"), $targets{$target}, 'GET ' . substr $target, 0, 40);
}
is(status("GET /" . 'x' x 100_000 . " HTTP/1.1\r\n$host\r\n"), 414, 'an endless target');

# --- methods ---
is(status("DELETE /healthz HTTP/1.1\r\n$host\r\n"), 405, 'a method that the path does not know');
like(raw("DELETE /healthz HTTP/1.1\r\n$host\r\n"), qr/^Allow: GET, HEAD\r$/m, 'which says what it knows');
is(status("BREW /healthz HTTP/1.1\r\n$host\r\n"), 405, 'a method that nobody knows');
is(status("POST / HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n"), 405, 'files are only read');
my $head = raw("HEAD /healthz HTTP/1.1\r\n$host\r\n");
like($head, qr/^Content-Length: 11\r$/m, 'HEAD says how long');
like($head, qr/\r\n\r\n$/, 'and sends nothing');

# --- framing and headers ---
my $login = encode_json({ login => 'admin', password => password('admin') });
my $length = length $login;
my $post = "POST /api/v1/session HTTP/1.1\r\nContent-Type: application/json\r\n$host";
is(status("${post}Content-Length: $length\r\n\r\n$login"), 200, 'a request as it should be');
my %framings = (
	"Content-Length: $length\r\nContent-Length: $length\r\n\r\n$login" => 'two lengths',
	"Content-Length: $length\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" => 'a length and chunks',
	"Content-Length: +$length\r\n\r\n$login" => 'a length with a sign',
	"Content-Length: 0x10\r\n\r\n$login" => 'a length in hexadecimal',
	"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" => 'another coding',
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" => 'chunked twice',
	"Transfer-Encoding: chunked\r\n\r\nzz\r\n$login\r\n0\r\n\r\n" => 'a chunk of no length',
);
for my $framing (sort keys %framings) {
	my $got = raw("$post$framing");
	my @statuses = $got =~ m{HTTP/1\.1 (\d+)}g;
	# The library writes its own refusal of a length twice.
	ok(@statuses <= 2 && !grep({ !/^(?:400|413)$/ } @statuses), "$framings{$framing}: refused, and nothing behind it is a request") or diag "@statuses";
}
is(status("${post}Transfer-Encoding: chunked\r\n\r\n" . sprintf("%x", $length) . "\r\n$login\r\n0\r\n\r\n"), 200, 'chunks are fine');
is(status("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"), 400, 'two hosts');
is(status("GET /healthz HTTP/1.1\r\n$host" . join('', map { "X-$_: 1\r\n" } 1 .. 150) . "\r\n"), 431, 'too many headers');
like(status("GET /healthz HTTP/1.1\r\n$host" . 'X: ' . 'y' x 100_000 . "\r\n\r\n"), qr/^(?:431|414|0)$/, 'headers that are too long');
is(status("GET /healthz HTTP/1.1\r\n${host}X: \xff\xfe\r\n\r\n"), 400, 'a header that is no UTF-8');
is(status("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'x' x 200) =~ /^(?:0|400|505)$/ ? 1 : 0, 1, 'TLS to a port that does not speak it');

# --- bodies ---
my $body = sub { return status("${post}Content-Length: " . length($_[0]) . "\r\n\r\n$_[0]") };
is($body->($_->[0]), 400, $_->[1]) for [ '', 'nothing' ], [ '{', 'half' ], [ '[]', 'a list' ], [ '1', 'a number' ], [ '{"login":"a","login":"b","password":"c"}', 'a member twice' ],
	[ "{\"login\":\"\xff\",\"password\":\"c\"}", 'no UTF-8' ], [ '{"login":"\u0000","password":"c"}', 'U+0000' ], [ '{"login":"a","password":"c","more":1}', 'a member too many' ],
	[ '{"login":["a"],"password":"c"}', 'a list for a text' ], [ '{"login":"a"}', 'one missing' ];
is($body->('{"login":' . '[' x 33 . ']' x 33 . '}'), 413, 'too deep');
is($body->('{"login":' . '[' x 500_000 . '}'), 413, 'much too deep');
is($body->(' ' x 1_100_000), 413, 'too long');
is(status("${post}Content-Length: 99999999999999\r\n\r\n"), 413, 'much too long, without waiting for it');
my $endless = connect_to();
{
	local $SIG{PIPE} = 'IGNORE';
	print $endless "${post}Transfer-Encoding: chunked\r\n\r\n";
	my $sent = 0;
	for (1 .. 400) {
		$sent += syswrite($endless, "10000\r\n" . 'x' x 65536 . "\r\n") // last;
	}
	cmp_ok($sent, '<', 16_000_000, 'chunks without end are cut off') or diag $sent;
}
close $endless;
# Long bodies of nobody's: eight of nearly 32 MiB are held, then no more; a login is taken even so.
{
	local $SIG{PIPE} = 'IGNORE';
	my $long = "POST /api/v1/intakes HTTP/1.1\r\nContent-Type: text/plain\r\n${host}Content-Length: 33554432\r\n\r\n" . 'x' x 33_000_000;
	my @held = map { my $socket = connect_to(); print $socket $long; $socket } 1 .. 8;
	like(raw($long . 'x' x 554_432), qr{^HTTP/1\.1 503 }, 'memory for bodies has an end');
	is(status("${post}Content-Length: $length\r\n\r\n$login"), 200, 'which does not keep anybody from logging in');
}
is(status("GET /healthz HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc"), 413, 'a body where none belongs');
is(ask('POST', '/session', json => { login => 'a', password => 'x' x 5000 })->{status}, 413, 'a password of 5,000 characters is not hashed');
my $problem = ask('POST', '/session', json => { login => 'a' });
is($problem->{headers}{'content-type'}, 'application/problem+json', 'a problem says that it is one');
is_deeply({ map { $_ => $problem->{json}{$_} } qw(status field code) }, { status => 400, field => 'password', code => 'malformed' }, 'and names the field');

# --- pipelining ---
my $pipe = raw(("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" x 99) . "GET /healthz HTTP/1.1\r\n$host\r\n");
is(scalar(() = $pipe =~ m{HTTP/1\.1 200}g), 100, 'a hundred requests at once get a hundred answers');
like($pipe, qr/\{"ok":true\}$/, 'to the last one');
my $two = raw("GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n$host\r\n");
is(join(' ', $two =~ m{HTTP/1\.1 (\d+)}g), '404 200', 'a refusal does not end the connection when its end is known');

# --- headers of answers ---
for my $path ('/', '/healthz', '/api/v1/nothing', '/nothing') {
	my $got = ask('GET', $path)->{headers};
	like($got->{'content-security-policy'}, qr/^default-src 'none';.*frame-ancestors 'none'/, "$path: content security policy");
	is($got->{'x-content-type-options'}, 'nosniff', "$path: nosniff");
	is($got->{'referrer-policy'}, 'no-referrer', "$path: no referrer");
	unlike($got->{'content-security-policy'}, qr/unsafe/, "$path: nothing unsafe");
}
my $page = ask('GET', '/');
is($page->{headers}{'cache-control'}, 'no-cache', 'the page is asked for each time');
my ($script) = $page->{content} =~ m{src="(/ui/[0-9a-f]+/app\.js)"};
my $js = ask('GET', $script, headers => { 'Accept-Encoding' => 'gzip' });
is($js->{headers}{'content-encoding'}, 'gzip', 'a script comes packed');
like($js->{headers}{'cache-control'}, qr/immutable/, 'and is kept for ever');
is(ask('GET', $script, headers => { 'If-None-Match' => $js->{headers}{etag}, 'Accept-Encoding' => 'gzip' })->{status}, 304, 'it is not sent again');
is(ask('GET', $script, headers => { 'Accept-Encoding' => 'gzip;q=0' })->{headers}{'content-encoding'}, undef, 'or plain, for who does not take gzip');
is(ask('GET', $script)->{headers}{'content-type'}, 'text/javascript; charset=utf-8', 'with its type');

# --- slow ones ---
my %slow = (
	'nothing' => [ '', 0 ],
	'headers letter by letter' => [ "GET /healthz HTTP/1.1\r\nHost: x\r\n", 1 ],
	'a body letter by letter' => [ "${post}Content-Length: 100000\r\n\r\n", 1 ],
	'a request and then nothing' => [ "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 0 ],
);
my %sockets = map { $_ => connect_to() } keys %slow;
for my $name (keys %slow) {
	local $SIG{PIPE} = 'IGNORE';
	syswrite $sockets{$name}, $slow{$name}[0] if $slow{$name}[0] ne '';
}
# Asks for the page again and again, and never reads.
my $deaf = connect_to(Blocking => 1);
setsockopt $deaf, SOL_SOCKET, SO_RCVBUF, 4096;
$deaf->blocking(0);
{
	local $SIG{PIPE} = 'IGNORE';
	for (1 .. 3000) { last if !defined syswrite $deaf, "GET $script HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n" }
}
my %closed;
my $begun = time;
until_ok('slow clients are closed', sub {
	local $SIG{PIPE} = 'IGNORE';
	for my $name (grep { !$closed{$_} } keys %slow) {
		my $gone = $slow{$name}[1] && !defined syswrite $sockets{$name}, 'x';
		if (!$gone && IO::Select->new($sockets{$name})->can_read(0)) {
			my $got = sysread $sockets{$name}, my $piece, 65536;
			$gone = !$got;
		}
		$closed{$name} = sprintf '%.1f', time - $begun if $gone;
	}
	sleep 0.1;
	return keys %closed == keys %slow;
}, 40);
is_deeply([ sort keys %closed ], [ sort keys %slow ], 'slow clients are closed');
diag join ', ', map { "$_ after $closed{$_} s" } sort keys %closed;
is(ask('GET', '/healthz')->{status}, 200, 'others are answered meanwhile');
ok(until_ok('the deaf one', sub {
	local $SIG{PIPE} = 'IGNORE';
	sleep 0.2;
	my $error = getsockopt $deaf, SOL_SOCKET, SO_ERROR;
	return unpack('i', $error) != 0 || !$deaf->connected || !defined(syswrite $deaf, "G") && $!{EPIPE} || $!{ECONNRESET};
}, 40), 'one who asks and never reads is closed, too');
is(stop_web(), 0, 'SIGTERM ends it in good order');

# --- many ---
my $files = $limit->();
start_web('--connections', '13000', '--header-timeout', '10m');
my $per = 0;
my @crowd;
for (1 .. 300) {
	my $one = connect_to(LocalAddr => '127.0.0.9') or last;
	push @crowd, $one;
}
# Those over the limit are closed at once; the others wait for a request.
my @shut;
until_ok('the limit', sub {
	@shut = grep { IO::Select->new($_)->can_read(0) } @crowd;
	return @shut >= 44;
}, 20);
is(@crowd - @shut, 256, 'of one address 256 connections are held at once');
is(ask('GET', '/healthz')->{status}, 200, 'another address is served beside them');
@crowd = ();

my $want = $files >= 10_400 ? 10_000 : 0;
SKIP: {
	skip 'the limit of open files is too low', 4 if !$want;
	# A child with a limit of its own: perl cannot raise that of its process.
	my $child = q{
		use IO::Socket::INET; my ($port, $n) = @ARGV; my @s;
		for my $i (0 .. $n - 1) {
			my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => 30,
				LocalAddr => '127.0.' . (1 + int($i / 50000)) . '.' . (2 + int($i / 200) % 250)) or die "$i: $@";
			push @s, $s;
		}
		$| = 1; print "there\n"; sleep 120;
	};
	my $out = "$work/crowd.out";
	my $crowd = CtFollow::start($out, "$work/crowd.err", 0, 'sh', '-c', 'ulimit -n 10400; exec "$@"', 'sh', $^X, '-e', $child, $site->{port}, $want);
	ok(until_ok('the crowd', sub { slurp($out) =~ /there/ || waitpid($crowd, 1) > 0 }, 120) && slurp($out) =~ /there/, "$want idle connections") or diag slurp("$work/crowd.err");
	ok(until_ok('accepted', sub { my $fds = () = glob "/proc/$site->{pid}/fd/*"; return $fds > $want }, 60), 'all of them are held');
	my $at = time;
	is(ask('GET', '/healthz')->{status}, 200, 'and a request is answered');
	my $ms = (time - $at) * 1000;
	$at = time;
	$in = enter('admin');
	is($in->{answer}{status}, 200, 'and a login');
	my ($rss) = slurp("/proc/$site->{pid}/status") =~ /VmRSS:\s+(\d+)/;
	diag sprintf 'with %d idle connections: a request in %.1f ms, a login in %.1f ms, %.0f MB resident', $want, $ms, (time - $at) * 1000, $rss / 1024;
	kill_it($crowd);
}

# --- events ---
$in = enter('admin');
my $stream = connect_to();
print $stream "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: $in->{cookie}\r\n\r\n";
$stream->flush;
my $heard = '';
my $hear = sub {
	my ($what) = @_;
	return until_ok("$what", sub {
		if (IO::Select->new($stream)->can_read(0)) { sysread $stream, my $piece, 65536 or return 0; $heard .= $piece }
		return $heard =~ $what;
	}, 20);
};
ok($hear->(qr/event: hello\r?\n/), 'a stream of events begins');
my ($seq) = $heard =~ /"seq":(\d+)/;
ask('POST', '/me/tokens', json => { name => "t$_", scopes => ['read'] }, jar => $in) for 1 .. 3;
ok($hear->(qr/("act":"token.new".*){3}/s), 'what others do is told');
like($heard, qr/id: @{[ $seq + 1 ]}\nevent: change\ndata: \{"seq":@{[ $seq + 1 ]},"at":"\d{4}-[^"]+Z","who":"admin","act":"token.new","object":"token","object_id":\d+,"case_id":null\}\n\n/, 'in the form that was agreed');
close $stream;
$stream = connect_to();
print $stream "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: @{[ $seq + 1 ]}\r\nCookie: $in->{cookie}\r\n\r\n";
$stream->flush;
$heard = '';
ok($hear->(qr/id: @{[ $seq + 3 ]}\n/), 'who comes back is told what was missed');
unlike($heard, qr/id: @{[ $seq + 1 ]}\n/, 'and nothing twice');
add_user('blind', 'connector_admin');
my $blind = enter('blind');
my $dark = connect_to();
print $dark "GET /api/v1/events?after=1 HTTP/1.1\r\nHost: x\r\nCookie: $blind->{cookie}\r\n\r\n";
$dark->flush;
my $seen = answer_of($dark, 2);
like($seen, qr{^HTTP/1\.1 200}, 'one without the right to it has a stream as well');
unlike($seen, qr/token\.new|user\.login/, 'but hears nothing of it');
ask('PATCH', '/me', json => { name => 'x' }, jar => $in);
ok($hear->(qr/\r\n0\r\n\r\n$/), 'a change of the user ends the stream');

# --- stopping ---
my @idle = map { connect_to() } 1 .. 20;
$stream = connect_to();
print $stream "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: $in->{cookie}\r\n\r\n";
$stream->flush;
$heard = '';
$hear->(qr/hello/);
is(stop_web(), 0, 'SIGTERM ends it with connections open');

# --- behind a proxy ---
start_web('--behind-proxy', '--proxy', '127.0.0.1', '--base-url', 'https://board.example');
my $from = sub {
	my ($for, $name) = @_;
	# One session at a time: two logins may share a millisecond, and no order tells them apart.
	rows('DELETE FROM sessions');
	return raw("POST /api/v1/session HTTP/1.1\r\nHost: @{[ $name // 'board.example' ]}\r\nConnection: close\r\nX-Forwarded-For: $for\r\nX-Forwarded-Proto: https\r\n"
		. "Content-Type: application/json\r\nContent-Length: $length\r\n\r\n$login");
};
is(ask('GET', '/')->{status}, 421, 'another host is not answered');
is(ask('GET', '/healthz')->{status}, 200, 'but for its health');
my $answer = $from->('10.9.9.9, 203.0.113.7');
like($answer, qr{^HTTP/1.1 200}, 'a login behind a proxy');
like($answer, qr/^Set-Cookie: __Host-hk_session=.*; Secure\r$/m, 'the cookie is for https only');
like($answer, qr/^Strict-Transport-Security: max-age=\d{7}/m, 'as everything is from then on');
my $address = sub { join ' ', map { $_->[0] } rows('SELECT address FROM sessions') };
is($address->(), '203.0.113.7', 'the address is that of the client');
like($from->("evil\"'<>"), qr{^HTTP/1.1 200}, 'another login, from nowhere');
is($address->(), '127.0.0.1', 'what is no address is not believed');
like($from->('203.0.113.8', 'evil.example'), qr{^HTTP/1.1 421}, 'nor is another host');
is(stop_web(), 0, 'and an end');

# --- TLS by itself ---
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout '$work/key.pem' -out '$work/cert.pem' -days 2 -subj /CN=localhost "
	. "-addext subjectAltName=IP:127.0.0.1 >'$work/openssl.out' 2>&1") == 0 or diag slurp("$work/openssl.out");
start_web('--tls-cert', "$work/cert.pem", '--tls-key', "$work/key.pem");
like($site->{url}, qr/^https:/, 'it speaks https');
my $curl = qx(curl -sS --noproxy '*' --cacert '$work/cert.pem' -i '$site->{url}/healthz' 2>&1);
like($curl, qr/^HTTP\/1.1 200.*strict-transport-security.*\{"ok":true\}$/si, 'and answers') or diag $curl;
isnt(system("curl -sS --noproxy '*' --cacert '$work/cert.pem' --tls-max 1.1 -o /dev/null '$site->{url}/healthz' 2>'$work/curl.err'"), 0, 'not with TLS 1.1');
is(stop_web(), 0, 'and an end');
done_testing();
