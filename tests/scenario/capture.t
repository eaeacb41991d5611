#!/usr/bin/perl
# `hikeshi capture` against a site of bad pages on loopback: each visit ends by itself, with what there is, and says why. The browser's only way out is
# the gate; on the range every name leads to the site.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use Encode ();
use IO::Socket::INET;
use IPC::Open2;
use JSON::PP;
use POSIX ();
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
plan skip_all => 'no chromium-headless-shell (apt-get install chromium-headless-shell)' unless -x '/usr/lib/chromium/chromium-headless-shell';
plan skip_all => 'no node' if system('node --version >/dev/null 2>&1') != 0;

my $names = 'DNS:www.mihon-bank.example,DNS:mihon-bank.example';
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=www.mihon-bank.example -addext subjectAltName=$names"
	. " -keyout '$work/key.pem' -out '$work/cert.pem' 2>/dev/null") == 0 or die 'no certificate';
my $site = open2(my $from, my $to, 'node', "$FindBin::Bin/lib/site.mjs", "$work/key.pem", "$work/cert.pem");
my ($http, $https) = <$from> =~ /^http (\d+) https (\d+)/ or die 'no site';
# What the site says about requests must be read, or it stops.
my $reader = fork() // die;
if (!$reader) {
	open my $log, '>', "$work/site.log";
	$log->autoflush;
	print $log $_ while <$from>;
	POSIX::_exit(0);
}
END {
	if ($site && $reader) {
		local $?;
		kill 'TERM', $site, $reader;
		waitpid $_, 0 for $site, $reader;
	}
}
# A port that is taken and at which nobody listens.
my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp') // die "no port: $!";
my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-ports = { \"80=$http\", \"443=$https\", \"8080=@{[ $taken->sockport ]}\", \"8443=@{[ $taken->sockport ]}\" }\nhost-rate = 1000\nhost-burst = 1000\n");
my $round = 0;

# Runs a capture; (exit code, standard error, the captures by visit).
sub capture {
	my ($url, @more) = @_;
	my $dir = "$work/out" . ++$round;
	my $pid = fork() // die;
	if (!$pid) {
		open STDOUT, '>', "$work/.out";
		open STDERR, '>', "$work/.err";
		exec($CtFollow::hikeshi, 'capture', $url, '--out', $dir, '--egress', $egress, '--log-level', 'error', @more) or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my ($code, %captures) = ($? >> 8);
	for my $file (glob "'$dir'/*/capture.json") {
		my ($name) = $file =~ m{([^/]+)/capture\.json$};
		open my $in, '<:raw', $file or die;
		local $/;
		$captures{$name} = decode_json(<$in>);
		$captures{$name}{dir} = $file =~ s{/capture\.json$}{}r;
	}
	open my $err, '<:utf8', "$work/.err" or die;
	local $/;
	return ($code, scalar <$err>, \%captures);
}
# One visit by the desktop, quick.
sub one {
	my ($page, @more) = @_;
	@more = ('--profile', 'desktop') unless @more;
	my ($code, $err, $captures) = capture("https://www.mihon-bank.example$page", '--capture-time', '6s', @more);
	my ($c) = values %$captures;
	ok($c, "$page: a capture") or diag $err;
	return $c;
}
sub noted { my ($c, $note) = @_; return grep { $_ eq $note } @{ $c->{notes} } }
sub raw { my ($path) = @_; open my $in, '<:raw', $path or return ''; local $/; return <$in> }
sub png_width { return unpack 'N', substr(raw($_[0]) . "\0" x 24, 16, 4) }

# --- three visitors, and all that is taken ---
my ($code, $err, $all) = capture('https://www.mihon-bank.example/go');
is($code, 0, 'three visits') or diag $err;
is_deeply([sort keys %$all], [qw(android-sms-1 desktop-none-1 iphone-sms-1)], 'the standard plan');
my $c = $all->{'iphone-sms-1'};
is($c->{end}, 'complete', 'complete');
is_deeply([map { "$_->{how} $_->{status}" } @{ $c->{hops} }], ['open 302', 'redirect 301', 'redirect 200', 'client 200', 'client 200'], 'the redirect chain: by HTTP, by a meta element, by a script');
is($c->{final_url}, 'https://www.mihon-bank.example/#top', 'where it ended');
my $page = $c->{pages}[0];
is($page->{title}, 'みほん銀行 ログイン', 'the title');
is_deeply([map { [@$_{qw(name type label maxlength form)}] } grep { $_->{visible} } @{ $page->{fields} }],
	[['branch', 'tel', '店番号', 3, 0], ['account', 'tel', '口座番号', 7, 0], ['pw', 'password', 'ログインパスワード', 12, 0], ['pref', '', '都道府県', -1, 0], ['', 'submit', 'ログイン', -1, 0]],
	'fields in order, with labels');
is($page->{forms}[0]{action}, 'https://www.mihon-bank.example/send.php', 'the form\'s address; an input called "action" does not hide it');
like(raw("$c->{dir}/favicon.bin"), qr/^\x89PNG/, 'the icon');
is_deeply($page->{years}, ['2019', '2026'], 'years of copyright');
like($page->{text}, qr/ご本人確認/, 'visible text');
like(raw("$c->{dir}/dom.html"), qr/^<!DOCTYPE html>/, 'the document');
is_deeply([sort map { $_->{name} } @{ $c->{cookies} }], [qw(SESSID hop lang)], 'cookies\' names');
unlike(raw("$c->{dir}/capture.json"), qr/"value"|secret123"[^,]*"domain"/, 'not their values');
is_deeply($c->{certs}[0]{sans}, ['www.mihon-bank.example', 'mihon-bank.example'], 'names of the certificate');
is(raw("$c->{dir}/chain.pem") =~ s/^#.*\n//r, raw("$work/cert.pem"), 'the chain is the server\'s');
ok(noted($c, 'tls-error'), 'its certificate is not trusted, and that is noted');
my ($script) = grep { $_->{url} =~ /app\.js$/ } @{ $c->{exchanges} };
like(raw("$c->{dir}/$script->{body}{file}"), qr/^console\.log\("\xe9\x96\x8b/, 'a script\'s body, byte for byte');
ok($script->{body_exact}, 'and it is said that it is');
my ($mover) = grep { $_->{url} =~ /go4$/ } @{ $c->{exchanges} };
ok($mover->{body}, 'the body of a page that moves on at once');
is($script->{remote_ip}, '127.0.0.1', 'the server\'s address');
is($script->{remote_port}, $https, 'its port');
ok((grep { $_->[0] eq 'Set-Cookie' } @{ $c->{exchanges}[0]{response_headers} }), 'headers as received');
is($c->{console}[0]{text}, '開始 Object', 'the console');
is(png_width("$c->{dir}/viewport.png"), 1170, 'an iPhone\'s picture');
is(png_width("$all->{'desktop-none-1'}{dir}/viewport.png"), 1280, 'a desktop\'s');

# --- who we are ---
($code, $err, $all) = capture('https://www.mihon-bank.example/who');
for my $visit (sort keys %$all) {
	my ($sent, $js) = map { decode_json(Encode::encode_utf8($_)) } $all->{$visit}{pages}[0]{text} =~ /^(\{.*\})$/mg;
	is($js->{ua}, $sent->{'user-agent'}, "$visit: header and script agree");
	is_deeply([@$js{qw(zone locale)}, $js->{languages}[0], $js->{webdriver} ? 1 : 0], ['Asia/Tokyo', 'ja-JP', 'ja-JP', 0], "$visit: Japanese, in Tokyo, no webdriver");
	like($sent->{'accept-language'}, qr/^ja-JP,ja;q=0\.9/, "$visit: asks for Japanese");
	if ($visit =~ /iphone/) {
		ok(!(grep { /^sec-ch-/ } keys %$sent) && !$js->{data} && !$js->{chrome}, 'Safari sends no client hints');
		is_deeply([@$js{qw(platform vendor touch dpr)}], ['iPhone', 'Apple Computer, Inc.', 5, 3], 'an iPhone');
	} else {
		my ($major) = $js->{ua} =~ m{Chrome/(\d+)};
		like($sent->{'sec-ch-ua'}, qr/"Google Chrome";v="$major"/, "$visit: client hints agree with the agent");
		is($js->{data}{mobile} ? 1 : 0, $visit =~ /android/ ? 1 : 0, "$visit: mobile or not");
	}
}

# --- cloaking: referrer, second visit ---
like(one('/referrer', '--profile', 'desktop/search')->{pages}[0]{title}, qr/商店/, 'a shop opens for a visitor from a search');
like(one('/referrer')->{pages}[0]{title}, qr/ブログ/, 'and not for one from nowhere');
like(one('/second', '--profile', 'iphone/sms/second')->{pages}[0]{title}, qr/二回目/, 'the second visit carries the cookies of the first');
is(one('/cloak')->{exchanges}[0]{status}, 404, 'nothing for a desktop');
ok(@{ one('/cloak', '--profile', 'android')->{pages}[0]{fields} } > 3, 'a form for a phone');

my @egress = map { decode_json($_) } split /\n/, raw("$c->{dir}/egress.jsonl");
ok((grep { $_->{purpose} eq 'capture' && $_->{host} eq 'www.mihon-bank.example' && $_->{port} == 443 && $_->{reason} eq 'ok' && $_->{exit} eq 'direct' && $_->{address} =~ /^127\.0\.0\.1:/ } @egress), 'what egress decided is kept');
# --- clicks ---
for my $start ('/mark', '/button') {
	$c = one($start, '--profile', 'iphone/sms');
	is(scalar @{ $c->{pages} }, 2, "$start: pressed");
	is($c->{pages}[1]{title}, 'みほん銀行 ログイン', "$start: what lies behind");
	is($c->{hops}[1]{how}, 'click', "$start: by a click");
	ok(-s "$c->{dir}/2-viewport.png", "$start: with its picture");
}
is(scalar @{ one('/dead')->{pages} }, 1, 'a button without effect makes no page');
like(one('/late')->{pages}[0]{text}, qr/遅れて/, 'content by a timer is waited for');

# --- bad pages: each ends in time, and says why ---
my %ends = ('/endless' => 'timeout', '/silent' => 'timeout', '/alertloop' => 'dialog-loop', '/loop' => 'script-loop', '/loopnow' => 'script-loop',
	'/windows' => 'window-loop', '/file' => 'download', '/moves' => 'navigation-loop', '/nestedjs' => 'page-crash');
for my $bad (sort keys %ends) {
	$c = one($bad) or next;
	is($c->{end}, $ends{$bad}, "$bad: $ends{$bad}");
	ok($c->{reason}, "$bad: in words");
	cmp_ok($c->{duration_ms}, '<', 3 * 6000 + 60000, "$bad: over");
}
$c = one('/endless');
ok($c->{pages}[0]{text} =~ /はじまり/ && $c->{pages}[0]{viewport} && $c->{exchanges}[0]{body}, 'of an endless page there is what came');
is($c->{exchanges}[0]{body_why}, 'unfinished', 'and its body is known to be a part');
$c = one('/nested');
ok($c->{exchanges}[0]{body} && $c->{end} =~ /^(?:page-crash|script-loop|timeout|complete)$/, "200,000 nested elements: $c->{end}, the raw page is kept");
$c = one('/huge');
ok($c->{exchanges}[0]{body}{bytes} <= 16 << 20 && $c->{exchanges}[0]{body_why}, 'of 200 MB there is a beginning');
isnt($c->{end}, 'complete', "and it is not called complete: $c->{end}");
$c = one('/alert');
is_deeply([map { $_->{text} } grep { $_->{kind} eq 'dialog' } @{ $c->{events} }], ['alert: ウイルスに感染しました', 'confirm: 続けますか', 'prompt: 暗証番号は'], 'dialogs are dismissed and kept');
like($c->{pages}[0]{text}, qr/終わり/, 'and the page goes on');
$c = one('/filepage');
is_deeply([map { $_->{text} } grep { $_->{kind} eq 'download' } @{ $c->{events} }], ['security.apk'], 'a download is refused and kept');
$c = one('/permission');
like($c->{pages}[0]{text}, qr/拒否1 通知denied/, 'permissions are denied');
is_deeply([sort map { $_->{text} } grep { $_->{kind} eq 'permission' } @{ $c->{events} }], ['geolocation', 'notifications'], 'and kept');
$c = one('/socket');
is((grep { $_->{kind} eq 'socket' } @{ $c->{events} })[0]{url}, 'wss://www.mihon-bank.example/ws', 'a web socket');
like($c->{pages}[0]{text}, qr/開いた/, 'goes through the gate');
$c = one('/worker');
ok((grep { $_->{url} =~ /from-worker/ } @{ $c->{exchanges} }), 'what a worker loads is known');
is($c->{exchanges}[0]{status}, 200, 'the page of the worker');
$c = one('/clobber');
is_deeply([map { $_->{name} } @{ $c->{pages}[0]{fields} }], [qw(action getAttribute id)], 'elements cannot stand in for the document');
$c = one('/odd');
like($c->{console}[0]{text}, qr/nul .* half/, 'half characters cost nothing');
is(one('/frames')->{pages}[0]{fields}[3]{name}, 'pw', 'fields of a frame');
$c = one('/sjis');
like($c->{pages}[0]{text}, qr/みほん銀行/, 'Shift_JIS is read');
ok(raw("$c->{dir}/$c->{exchanges}[0]{body}{file}") =~ /\x82\xdd\x82\xd9/ || !$c->{exchanges}[0]{body_exact}, 'and kept as it came, or it is said that it is not');
ok(noted(one('/long'), 'picture-cut'), 'a picture that is higher than its cap is cut');

# --- what is not allowed ---
for my $address ('http://169.254.169.254/latest/', 'https://10.0.0.1/', 'http://localhost:8080/') {
	($code, $err, $all) = capture($address, '--plan', 'quick');
	my ($only) = values %$all;
	is($only->{end}, 'refused', "$address is refused");
	is(scalar @{ $only->{pages} }, 0, "$address: no page");
	is($code, 69, "$address: the command says so");
}

# --- nobody is there: the gate's own answer is no page, and no answer of anybody's ---
sub nobody_there {
	my ($address, $what) = @_;
	my ($code, $err, $all) = capture($address, '--plan', 'quick');
	my ($only) = values %$all;
	is($only->{end}, 'unreachable', "$address: $what") or diag $err;
	is_deeply([scalar @{ $only->{pages} }, map { $_->{status} } @{ $only->{exchanges} }, @{ $only->{hops} }], [0, 0, 0], "$address: no page, no status");
	is($code, 69, "$address: the command says so");
}
nobody_there("$_://www.mihon-bank.example:" . ($_ eq 'http' ? 8080 : 8443) . '/', 'no connection') for qw(http https);
my $dns = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'udp') // die "no DNS: $!";
my $resolver = fork() // die;
if (!$resolver) {
	while (defined $dns->recv(my $question, 4096)) {
		next if length $question < 17;
		my $end = 12;
		$end += 1 + ord substr $question, $end, 1 while ord substr $question, $end, 1;
		# NXDOMAIN (RFC 1035, section 4.1.1), whatever the question.
		$dns->send(substr($question, 0, 2) . pack('n5', 0x8183, 1, 0, 0, 0) . substr $question, 12, $end + 5 - 12);
	}
	POSIX::_exit(0);
}
my $range = $egress;
$egress = spew("$work/nxdomain.conf", 'resolvers = 127.0.0.1:' . $dns->sockport . "\n");
nobody_there("$_://www.mihon-bank-gone.com/", 'no such name') for qw(http https);
kill 'KILL', $resolver;
waitpid $resolver, 0;
$egress = $range;
($code, $err) = capture('ftp://www.mihon-bank.example/', '--plan', 'quick');
is($code, 64, 'no ftp');
($code, $err) = capture('https://www.mihon-bank.example/', '--profile', 'desktop/none/first/moon');
is($code, 78, 'a way out that there is not');
like($err, qr/no way out called 'moon'.*exits/, 'and what to do');

# --- kill -9 in the middle: the browser and its folder go as well ---
my $pid = fork() // die;
if (!$pid) {
	open $_, '>', '/dev/null' for *STDOUT, *STDERR;
	exec($CtFollow::hikeshi, 'capture', 'https://www.mihon-bank.example/silent', '--out', "$work/killed", '--egress', $egress, '--plan', 'quick') or POSIX::_exit(127);
}
my @below;
ok(until_ok('a browser', sub {
	my %seen = map { $_ => 1 } $pid, map { split ' ', raw($_) } glob "/proc/$pid/task/*/children";
	for my $i (1 .. 3) {
		$seen{$_} = 1 for map { split ' ', raw("/proc/$_/task/$_/children") } keys %seen;
	}
	@below = grep { $_ != $pid && raw("/proc/$_/cmdline") =~ /user-data-dir=(\S+?)\/data/ && -d $1 } keys %seen;
	return @below > 0;
}), 'the browser is there');
my ($folder) = raw("/proc/$below[0]/cmdline") =~ m{user-data-dir=(\S+?)/data};
kill 'KILL', $pid;
waitpid $pid, 0;
ok(until_ok('processes', sub { return !grep { raw("/proc/$_/cmdline") } @below }), 'kill -9: its processes are gone');
ok(until_ok('folder', sub { return !-e $folder }), 'and its folder');
done_testing();
