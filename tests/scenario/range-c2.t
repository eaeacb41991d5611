#!/usr/bin/perl
# hikeshi-range c2: dead drops as nginx serves them, with every lie; stage B with its banner, beats, commands and every fault; scenarios; the book of what clients sent, and of
# what reached them, proved against a client of perl's own that is dropped at random.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Bot;
use CtFollow;
use Encode qw(decode_utf8 encode_utf8);
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);
my $src = "$FindBin::Bin/../..";
my $http = HTTP::Tiny->new(timeout => 60, max_redirect => 0, keep_alive => 0);
my ($c2, $url, %port);
my $count = 0;

# begin(option...): a new one; $url, %port by name.
sub begin {
	stop_it($c2) if $c2;
	my ($out, $err) = map { "$work/c2-$count.$_" } qw(out err);
	$count++;
	$c2 = start($out, $err, 0, $CtFollow::range, 'c2', @_);
	until_ok('c2 is ready', sub { slurp($out) =~ /\n/ }) or BAIL_OUT(slurp($err));
	my $ready = decode_json(slurp($out));
	$url = $ready->{url};
	%port = map { $_->{name} => $_->{port} } @{ $ready->{b} };
	return $ready;
}
# told(path): control; dies but for 200.
sub told {
	my ($method, $path, $body) = @_;
	my $answer = $http->request($method, "$url/-/$path", { content => $body // '' });
	die "$path: $answer->{status} $answer->{content}" if $answer->{status} != 200;
	return decode_json($answer->{content});
}
sub post { return told('POST', @_) }
sub get { return told('GET', @_) }
# refused(path): the error of a control request that is wrong.
sub refused {
	my ($path, $body) = @_;
	my $answer = $http->post("$url/-/$path", { content => $body // '' });
	is($answer->{status}, 400, "$path: 400");
	return decode_json($answer->{content})->{error};
}
sub escape { my ($text) = @_; $text = encode_utf8($text); $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge; return $text }

# --- stage A ---
sub visit {
	my ($host, %headers) = @_;
	my $path = $host =~ s{(/.*)}{} ? $1 : '/';
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $url =~ s/.*://r) or die;
	my $method = delete $headers{method} // 'GET';
	print $socket "$method $path HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n" . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers) . "\r\n";
	local $/;
	my $all = <$socket> // '';
	my ($head, $body) = split /\r\n\r\n/, $all, 2;
	my %answer = (status => ($head // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0, body => $body // '');
	$answer{lc $1} = $2 while ($head // '') =~ /^([\w-]+): (.*?)\r?$/mg;
	return \%answer;
}
# clear(body, key): what it decrypts to by somebody else's AES; "" with the padding wrong.
sub clear {
	my ($body, $key) = @_;
	spew("$work/body", $body);
	my $hex = unpack 'H*', substr(($key // 'apYya82az7rgeN3A') . '0' x 16, 0, 16);
	my $text = `base64 -d "$work/body" 2>/dev/null | openssl enc -d -aes-128-ecb -K $hex 2>/dev/null`;
	return $? == 0 ? $text : '';
}
# Whether the ETag says what Last-Modified and Content-Length say.
sub agrees {
	my ($a) = @_;
	my ($time, $size) = ($a->{etag} // '') =~ /^"([0-9a-f]+)-([0-9a-f]+)"$/ or return 0;
	my @t = gmtime hex $time;
	my $date = sprintf '%s, %02d %s %04d %02d:%02d:%02d GMT', (qw(Sun Mon Tue Wed Thu Fri Sat))[$t[6]], $t[3], (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$t[4]], $t[5] + 1900, @t[2, 1, 0];
	return hex $size == $a->{'content-length'} && $date eq $a->{'last-modified'};
}

my $ready = begin('--drop', 'drop.range.test', '--drop', 'pages.range.test/molly', '--address', '203.0.113.77:7775');
is_deeply($ready->{drops}, ['http://drop.range.test/', 'http://pages.range.test/molly'], 'the drops that it has');
is(join(' ', sort keys %port), '7775 7776 7777 7778 7779', 'and the ports of the talk');
like($ready->{range_ports}, qr/(?:^| )7775=@{[$port{7775}]} .*drop\.range\.test:80=\d+ /, 'what egress is to be told');
my $first = visit('drop.range.test');
is($first->{status}, 200, 'a drop');
is(clear($first->{body}), '203.0.113.77:7775', 'names stage B');
is("$first->{server} $first->{'content-type'} $first->{'content-length'}", 'nginx text/html 44', 'as an nginx does');
ok(agrees($first), 'ETag, Last-Modified and Content-Length agree');
is(visit('DROP.range.test.:80')->{status}, 200, 'by its name in any spelling');
is(visit('drop.range.test', method => 'HEAD')->{etag}, $first->{etag}, 'HEAD');
is(visit('pages.range.test/molly')->{body}, $first->{body}, 'another one, below a path');
is(visit('pages.range.test')->{status}, 404, 'which has nothing else');
is(visit('other.range.test')->{status}, 404, 'nor has another host');
is(visit('drop.range.test/-/state')->{status}, 404, 'control is not there for strangers');

my %fresh = ('If-None-Match' => $first->{etag}, 'If-Modified-Since' => $first->{'last-modified'});
for my $case ([304, 'If-None-Match'], [304, 'If-Modified-Since'], [304, 'If-None-Match', 'If-Modified-Since']) {
	my ($want, @names) = @$case;
	my $a = visit('drop.range.test', map { $_ => $fresh{$_} } @names);
	is("$a->{status} $a->{body}", "$want ", "unchanged: @names");
	is($a->{etag}, $first->{etag}, 'and says so again');
}
is(visit('drop.range.test', %fresh, 'If-None-Match' => '"0-0"')->{status}, 200, 'one of two conditions does not hold');
is(visit('drop.range.test', 'If-None-Match' => "\"0-0\", W/$first->{etag}")->{status}, 304, 'a list, compared weakly');
is(get('state')->{a}[0]{unchanged}, 4, 'it counts them');

post('a?host=drop.range.test&address=203.0.113.78:7775');
my $moved = visit('drop.range.test', %fresh);
is($moved->{status}, 200, 'B has moved');
is(clear($moved->{body}), '203.0.113.78:7775', 'there');
isnt($moved->{etag}, $first->{etag}, 'the ETag tells, within the same second, too');
ok(agrees($moved), 'and agrees');
post('a?host=drop.range.test&at=1712207841');
is(visit('drop.range.test')->{etag}, '"660e37e1-2c"', "the ETag of the talk's sample");

my %a = (
	'ok' => sub { $_->{status} == 200 && agrees($_) },
	'403' => sub { $_->{status} == 403 && length $_->{body} == 146 && !$_->{etag} },
	'404' => sub { $_->{status} == 404 && length $_->{body} == 146 },
	'503' => sub { $_->{status} == 503 },
	'lying-etag' => sub { !agrees($_) && $_->{etag} =~ /-2c"/ && clear($_->{body}) eq '203.0.113.78:7775' },
	'lying-size' => sub { !agrees($_) && $_->{etag} !~ /-2c"/ && clear($_->{body}) eq '203.0.113.78:7775' },
	'stuck-etag' => sub {
		post('a?host=drop.range.test&state=stuck-etag&address=203.0.113.99:7775');
		visit('drop.range.test', 'If-None-Match' => $_->{etag})->{status} == 304 && clear(visit('drop.range.test')->{body}) eq '203.0.113.99:7775' && post('a?host=drop.range.test&address=203.0.113.78:7775');
	},
	'fresh-etag' => sub { my $b = visit('drop.range.test', 'If-None-Match' => $_->{etag}); $b->{status} == 200 && $b->{body} eq $_->{body} && agrees($b) },
	'no-etag' => sub { !$_->{etag} && !$_->{'last-modified'} && clear($_->{body}) ne '' },
	'weak-etag' => sub { $_->{etag} =~ m{^W/"} },
	'bad-padding' => sub { length $_->{body} == 44 && clear($_->{body}) eq '' },
	'bad-base64' => sub { length $_->{body} == 45 },
	'no-address' => sub { clear($_->{body}) eq 'nothing to see here' },
	'bad-port' => sub { clear($_->{body}) eq '203.0.113.78:99999' },
	'private' => sub { clear($_->{body}) eq '10.20.30.40:7775' },
	'empty' => sub { $_->{status} == 200 && $_->{body} eq '' },
	'page' => sub { $_->{body} =~ /tomatoes/ },
	'long' => sub { length $_->{body} == 8 << 20 },
	'reset' => sub { $_->{status} == 0 },
);
my @states = slurp("$src/range/c2drops.def") =~ /^DROP\(\w+, "([^"]+)"/mg;
is_deeply([sort keys %a], [sort @states], 'a test for each row of c2drops.def');
for my $state (@states) {
	post("a?host=drop.range.test&state=$state");
	local $_ = visit('drop.range.test');
	ok($a{$state}->(), "a drop: $state");
}
like(refused('a?host=drop.range.test&state=whatever'), qr/lying-etag\|/, 'a state that is none');
like(refused('a?host=new.range.test'), qr/^host=/, 'a new drop needs an address');
post('a?host=drop.range.test');
begin('--drop', 'short.range.test', '--key', 'short');
is(clear(visit('short.range.test')->{body}, 'short'), '203.0.113.77:7775', "a short key is filled up with '0'");

# --- stage B as it should be ---
my $plain = Bot->new($port{7777});
$plain->send("GET /whatever HTTP/1.0\r\n\r\n");
like($plain->take(1000), qr{^HTTP/1\.1 200 HP Http Server OK\r\n.*\r\n\r\nHello World$}s, 'the banner for plain HTTP');
is($plain->{ended}, 'end', 'and the end');
my $old = Bot->new($port{7777});
like($old->shake('Sec-WebSocket-Version' => '8'), qr{^HTTP/1\.1 426 .*Sec-WebSocket-Version: 13}s, 'another version');

my $bot = Bot->new($port{7775});
like($bot->shake, qr{^HTTP/1\.1 101 }, 'a WebSocket');
like($bot->{head}, qr{^\Q@{[Bot::accept_line()]}\E\r$}m, 'with the right accept');
is(post('send?port=7775&text=early')->[0]{sessions}, 0, 'who has not said hello is told nothing');
$bot->say('hello, I am a telephone');
for (1 .. 3) {
	$bot->say($Bot::beat);
	is($bot->text, 'pong', 'a beat is answered');
}
is(post('send?port=7775', encode_utf8('发信息&09055000000 「重要」本文'))->[0]{sessions}, 1, 'a command as a body');
is(decode_utf8($bot->text), '发信息&09055000000 「重要」本文', 'as it stands');
is_deeply([map { $_->{sessions} } @{ post('send?verb=contacts') }], [1, 0, 0, 0, 0], 'to all ports');
is(decode_utf8($bot->text), '通讯录', 'a verb');
post('send?port=7775&verb=send&numbers=@3&text=' . escape('【みほん銀行】本文'));
like(decode_utf8($bot->text), qr/^发信息&(0[789]0\d{8},){2}0[789]0\d{8} 【みほん銀行】本文$/, 'invented numbers');
my @verbs = slurp("$src/range/c2verbs.def") =~ /^VERB\("([\w-]+)", "[^"]*", \w+/mg;
is(scalar @verbs, 11, 'the ten verbs of the talk, and raw');
for my $verb (@verbs) {
	post("send?port=7775&verb=$verb&text=x");
	like($bot->text, qr/x$/, "verb $verb");
}
my $long = 'a' x 70000;
post('send?port=7775', $long);
is($bot->text, $long, 'a long one');
$bot->close;
is(($bot->read)[1], pack('n', 1000), 'a close frame is answered');
is($bot->take(1), '', 'with the end');
until_ok('the session is over', sub { get('state')->{b}[0]{connections} == 0 });
my $log = get('log');
my ($session) = grep { $_->{port} == 7775 } @{ $log->{sessions} };
is_deeply([map { "$_->{said} $_->{count} $_->{text}" } @{ $session->{frames} }], ['hello 1 hello, I am a telephone', 'beat 3 ' . decode_utf8($Bot::beat), 'close 1 '], 'the book has all that it said');
is($session->{frames}[2]{code}, 1000, 'with the code');
is($session->{end}, 'closed', 'and how it ended');
like($session->{request}, qr{^GET / HTTP/1\.1\r\n.*Sec-WebSocket-Version: 13\r\n.*\r\n\r\n$}s, 'and the request, byte for byte');
is($log->{strange}, 0, 'nothing strange');
is_deeply([map { $_->{websocket} ? 1 : 0 } @{ $log->{sessions} }], [0, 0, 1], 'plain requests are in the book');
my $sent = get('sent');
is_deeply([map { $_->{seq} } @{ $sent->{missed} }], [1, 4 .. 7], 'commands that nobody was there for');
is(scalar @{ $sent->{delivered} }, 15, 'and those that went out');
is(scalar @{ get('sent?after=7')->{delivered} }, 13, 'after a number');

# --- what an observer has no business to say ---
my %strange = (
	'text' => sub { $_->say('0905-500-0001') },
	'binary' => sub { $_->frame(2, 'x') },
	'ping' => sub { $_->frame(9, 'x') },
	'broken' => sub { $_->send("\x81\x04pong") },
);
for my $what (sort keys %strange) {
	post('reset');
	local $_ = Bot->open($port{7776});
	$strange{$what}->();
	until_ok("$what is in the book", sub { get('log')->{strange} == 1 });
	my $last = (grep { $_->{port} == 7776 && @{ $_->{frames} } } @{ get('log')->{sessions} })[-1];
	is($last->{frames}[-1]{said}, $what, "strange: $what");
	$_->end;
}
post('reset');
my $hasty = Bot->new($port{7776});
$hasty->shake;
$hasty->say($Bot::beat);
until_ok('a beat before the hello', sub { get('log')->{strange} == 1 });
is(get('state')->{b}[1]{clients}, 0, 'a beat is no hello');
$hasty->end;

# known(port): a client whose hello has been heard, so that it is told the next command.
sub known {
	my ($real) = @_;
	my $b = Bot->open($real);
	until_ok('its hello is heard', sub { grep { $_->{port} == $real && $_->{clients} == 1 } @{ get('state')->{b} } });
	return $b;
}

# --- faults ---
# What a client sees of each: hand: the answer to its request; hello: the bytes behind its hello; end: how it ends; forever: it does not.
my $right = qr{^HTTP/1\.1 101 .*\Q@{[Bot::accept_line()]}\E}s;
my %fault = (
	'none' => sub { my $b = Bot->open($_); $b->say($Bot::beat); $b->text eq 'pong' },
	'refuse' => sub { !Bot->new($_) },
	'never-answer' => sub { my $b = Bot->new($_); $b->ask; !$b->more(0.5) && !$b->{ended} },
	'half-handshake' => sub { my $b = Bot->new($_); $b->ask; $b->take(26) eq 'HTTP/1.1 101 Switching Pro' && !$b->more(0.3) && !$b->{ended} },
	'slow-handshake' => sub { my $b = Bot->new($_); $b->ask; $b->more; my $n = length $b->{in}; $b->answer; $n < length $b->{head} && $b->{head} =~ $right },
	'early' => sub { my $b = Bot->new($_); $b->shake; $b->{head} =~ $right && $b->text eq 'pong' },
	'handshake-rst' => sub { my $b = Bot->new($_); $b->shake; $b->{ended} eq 'reset' },
	'handshake-end' => sub { my $b = Bot->new($_); $b->shake; $b->{ended} eq 'end' && $b->{in} eq '' },
	'banner' => sub { Bot->new($_)->shake =~ m{^HTTP/1\.1 200 HP Http Server OK} },
	'handshake-403' => sub { Bot->new($_)->shake =~ m{^HTTP/1\.1 403 } },
	'handshake-302' => sub { Bot->new($_)->shake =~ m{^HTTP/1\.1 302 .*Location: http://127\.0\.0\.1/}s },
	'not-http' => sub { my $b = Bot->new($_); $b->ask; $b->take(21) eq "SSH-2.0-OpenSSH_9.2\r\n" },
	'wrong-accept' => sub { my $h = Bot->new($_)->shake; $h =~ /^HTTP\/1\.1 101 .*Accept: A+=/s },
	'no-accept' => sub { my $h = Bot->new($_)->shake; $h =~ /^HTTP\/1\.1 101 / && $h !~ /Accept/ },
	'no-upgrade' => sub { my $h = Bot->new($_)->shake; $h =~ $right && $h !~ /Upgrade/ },
	'unasked-extension' => sub { my $h = Bot->new($_)->shake; $h =~ $right && $h =~ /Extensions: permessage-deflate/ },
	'unasked-protocol' => sub { my $h = Bot->new($_)->shake; $h =~ $right && $h =~ /Protocol: chat/ },
	'endless-head' => sub { my $b = Bot->new($_); $b->ask; my $t = $b->take(1 << 20); length $t == 1 << 20 && $t !~ /\r\n\r\n/ },
	'silent' => sub { my $b = known($_); $b->say($Bot::beat); post('send?port=7778&text=x')->[0]{sessions} == 0 && !$b->more(0.3) && !$b->{ended} },
	'no-pong' => sub { my $b = known($_); $b->say($Bot::beat); post('send?port=7778&text=x')->[0]{sessions} == 1 && $b->text eq 'x' },
	'slow' => sub { my $b = known($_); post('send?port=7778', 'x' x 100); $b->more; my $n = length $b->{in}; $n < 102 && $b->text eq 'x' x 100 },
	'fragments' => sub { my $b = known($_); post('send?port=7778&text=0123456789'); my @f = map { [$b->read(pings => 1)] } 1 .. 7; "@{[map { $_->[0] } @f]}" eq '1 9 0 9 0 9 0' && $f[6][2] && join('', map { $_->[1] } @f[0, 2, 4, 6]) eq '0123456789' },
	'flood' => sub { my $b = Bot->open($_); my $t = $b->take(1 << 20); $t =~ /^(?:\x81\x26\xe6\x9b\xb4\xe6\x96\xb0&flood-flood-flood-flood-flood-f)+/ && length $t == 1 << 20 },
	'ping-flood' => sub { Bot->open($_)->take(1 << 20) =~ /^(?:\x89\x04ping)+/ },
	'8gb-header' => sub { my $b = Bot->open($_); $b->take(10) eq "\x81\x7f\0\0\0\2\0\0\0\0" && $b->take(1 << 20) eq 'A' x (1 << 20) },
	'negative-length' => sub { Bot->open($_)->take(10) eq "\x81\x7f" . "\xff" x 8 },
	'long-length' => sub { Bot->open($_)->take(8) eq "\x81\x7e\0\4pong" },
	'endless-fragments' => sub { Bot->open($_)->take(3 << 18) eq "\x01\x01A" . "\0\x01A" x ((3 << 18) / 3 - 1) },
	'empty-fragments' => sub { Bot->open($_)->take(1 << 18) eq "\x01\0" . "\0" x ((1 << 18) - 2) },
	'invalid-utf8' => sub { Bot->open($_)->take(7) eq "\x81\5\xe5\xbf\x83\xffa" },
	'cut-utf8' => sub { Bot->open($_)->take(4) eq "\x81\2\xe5\xbf" },
	'surrogate' => sub { Bot->open($_)->take(5) eq "\x81\3\xed\xa0\x80" },
	'binary' => sub { my $b = Bot->open($_); my ($k, $t) = $b->read; $b->say($Bot::beat); $k == 2 && decode_utf8($t) eq '通讯录' && $b->text eq 'pong' },
	'reserved-bit' => sub { Bot->open($_)->take(6) eq "\xc1\4pong" },
	'unknown-opcode' => sub { Bot->open($_)->take(6) eq "\x83\4pong" },
	'unknown-control' => sub { Bot->open($_)->take(6) eq "\x8b\4pong" },
	'lone-continuation' => sub { Bot->open($_)->take(6) eq "\x80\4pong" },
	'nested-text' => sub { Bot->open($_)->take(8) eq "\x01\2po\x81\2ng" },
	'fragmented-ping' => sub { Bot->open($_)->take(6) eq "\x09\1a\x80\1b" },
	'big-ping' => sub { Bot->open($_)->take(132) eq "\x89\x7e\0\x80" . 'A' x 128 },
	'masked' => sub { Bot->open($_)->take(10) eq "\x81\x84\0\0\0\0pong" },
	'rst' => sub { my $b = Bot->open($_); $b->take(1); $b->{ended} eq 'reset' },
	'end' => sub { my $b = Bot->open($_); $b->take(1) eq '' && $b->{ended} eq 'end' },
	'cut-frame' => sub { my $b = Bot->open($_); $b->take(100) eq "\x81\x20\xe5\x8f\x91" && $b->{ended} eq 'end' },
	(map { my ($name, $bytes) = @$_; ($name => sub { my $b = Bot->open($_); my $t = $b->take(length $bytes); $b->close; $t eq $bytes && $b->take(1) eq '' && $b->{ended} eq 'end' }) }
		['close-1000', "\x88\2\x03\xe8"], ['close-1001', "\x88\2\x03\xe9"], ['close-1002', "\x88\2\x03\xea"], ['close-1011', "\x88\x09\x03\xf3trouble"], ['close-4000', "\x88\2\x0f\xa0"],
		['close-none', "\x88\0"], ['close-1005', "\x88\2\x03\xed"], ['close-999', "\x88\2\x03\xe7"], ['close-short', "\x88\1\x03"], ['close-utf8', "\x88\4\x03\xe8\xff\xfe"],
		['close-and-talk', "\x88\2\x03\xe8\x81\x09" . encode_utf8('通讯录')]),
);
my @faults = slurp("$src/range/c2faults.def") =~ /^FAULT\(\w+, "([^"]+)"/mg;
is_deeply([sort keys %fault], [sort @faults], 'a test for each row of c2faults.def');
for my $fault (@faults) {
	until_ok('the last one has left', sub { get('state')->{b}[3]{connections} == 0 });
	post("fault?port=7778&fault=$fault&times=1");
	local $_ = $port{7778};
	ok($fault{$fault}->(), "a fault: $fault") or diag(encode_json(get('log')->{sessions}[-1]));
	post('fault?port=7778&fault=none');
	my $after = Bot->open($port{7778});
	$after->say($Bot::beat);
	is($after->text, 'pong', "$fault: and well again");
	$after->end;
}
post('fault?port=7779&fault=close-1000&times=2');
my @three = map { Bot->open($port{7779}) } 1 .. 3;
is_deeply([map { ($_->say($Bot::beat), $_->text)[1] // 'closed' } @three], ['closed', 'closed', 'pong'], 'a fault for two connections');
post('fault?port=7779&fault=silent');
$three[2]->say($Bot::beat);
ok(!$three[2]->more(0.3), 'a fault strikes those who are there');
post('fault?port=7779&fault=none');
$three[2]->say($Bot::beat);
is($three[2]->text, 'pong', 'and is taken back');
like(refused('fault?port=7779&fault=whatever'), qr/never-answer/, 'a fault that is none');
like(refused('fault?port=1&fault=silent'), qr/^port=NAME/, 'a port that is none');

# --- scenarios ---
my $wave = "$src/range/scenarios/wave.txt";
begin('--scenario', $wave, '--speed', '200', '--port-b', 7775, '--port-b', 7776, '--port-b', 7777, '--port-b', 7778, '--port-b', 7779);
my %bots = map { $_ => Bot->open($port{$_}) } 7775 .. 7778;
is(get('state')->{play}{waits}, JSON::PP::true, 'a scenario waits until there is a client at each port');
is(get('state')->{play}{played}, 0, 'so long');
$bots{7779} = Bot->open($port{7779});
my %text = map { $_ => decode_utf8($bots{$_}->text) } 7775 .. 7779;
my (%number, %body, %link);
for my $name (7775 .. 7779) {
	like($text{$name}, qr{^发信息&[\d,]+ 【みほん銀行】.*https://t\.range\.test/\w{10}$}, "the wave at $name");
	my ($numbers, $body, $link) = $text{$name} =~ m{&([\d,]+) (.*)(https://\S+)$};
	$number{$_}++ for split /,/, $numbers;
	$body{$body}++;
	$link{$link}++;
}
is(scalar keys %number, 200, 'two hundred numbers, none twice');
is(scalar keys %body, 1, 'one text');
is_deeply([sort values %link], [1, 1, 3], 'three links, as on that day');
is_deeply([map { $_->{port} } @{ get('sent')->{commands} }], [7778, 7779, 7777, 7776, 7775], 'in the order of that day');
post('play?speed=1000');
is(length decode_utf8($bots{$_}->text), length $text{$_}, "once more, at $_") for 7775 .. 7779;
post('play?speed=1000', encode_utf8(<<'END'));
# all that a scenario can do
0     7775 raw   -       全く別の  言葉
0.5   *    contacts
0.5   a    drop.range.test 403
0.75  fault 7776 silent 1
1     drop 7777 1 rst
1.125 a    drop.range.test ok 203.0.113.80:7775
2     7999 contacts
END
is(decode_utf8($bots{7775}->text), '全く別の  言葉', 'a text as it stands');
is(decode_utf8($bots{$_}->text), '通讯录', "to all: $_") for 7775 .. 7779;
is($bots{7777}->text, undef, 'one is dropped');
until_ok('all is played', sub { get('state')->{play}{played} == 7 });
my $state = get('state');
is($state->{b}[1]{fault}, 'none', 'a fault that has struck once');
is($state->{a}[0]{address}, '203.0.113.80:7775', 'B has moved');
is("$state->{play}{failed} $state->{play}{failure}", '1 at 2.000 s: 通讯录', 'a step that cannot be taken is told');
for my $bad ([qr/line 2: .*not less/, "1 * contacts\n0 * inbox\n"], [qr/line 1: .*seconds/, "x * contacts\n"], [qr/line 1: no such verb/, "0 7775 whatever\n"], [qr/line 1: .*numbers/, "0 7775 contacts 090\n"],
	[qr/line 1: .*numbers/, "0 7775 send \@1001\n"], [qr/line 1: a port/, "0 port contacts\n"], [qr/line 3: two words/, "\n#\n0 fault *\n"], [qr/UTF-8/, "\xff\n"]) {
	like(refused('play', $bad->[1]), $bad->[0], 'a scenario that is none');
}
my $answer = `"$CtFollow::range" c2 --scenario "$work/nothing" 2>&1`;
is($? >> 8, 66, 'a scenario that is not there');
$answer = `"$CtFollow::range" c2 --fault whatever 2>&1`;
like($answer, qr/'whatever' is no fault/, 'a fault that is none, on the command line');
begin('--fault', 'banner@7776', '--fault', 'close-4000@7775:1', '--begin', 'control', '--scenario', $wave);
like(Bot->new($port{7776})->shake, qr/HP Http/, 'faults on the command line');
is(Bot->open($port{7775})->text, undef, 'of one port');
is(get('state')->{play}{steps}, 0, 'nothing is played before it is asked for');

# --- dropped at random: no command is lost or doubled for one who reads all that came ---
begin('--confirm', '--seed', '7', '--port-b', '7775', '--port-b', '7776');
for my $how (qw(close fin rst)) {
	post('reset');
	post("drop?chance=0.2&how=$how&on=command");
	my (@got, %bot);
	my $read = sub {
		my ($name) = @_;
		while (defined(my $text = $bot{$name}->text)) {
			return if $text eq 'pong';
			push @got, $text;
		}
		delete $bot{$name};
	};
	for my $n (1 .. 150) {
		for my $name (7775, 7776) {
			$bot{$name} //= Bot->open($port{$name});
		}
		until_ok('both are there', sub { my $b = get('state')->{b}; $b->[0]{clients} && $b->[1]{clients} }) if keys %bot == 2 && $n == 1;
		post("send?text=$how-$n");
		for my $name (7775, 7776) {
			$bot{$name}->say($Bot::beat);
			$read->($name);
		}
	}
	my $sent = get('sent');
	my %text = map { $_->{seq} => $_->{text} } @{ $sent->{commands} };
	is_deeply([sort @got], [sort map { $text{ $_->{seq} } } @{ $sent->{delivered} }], "$how: the book has exactly what was read");
	is(scalar @{ $sent->{delivered} } + @{ $sent->{missed} } + @{ $sent->{cut} }, 300, 'each command has one fate');
	cmp_ok(scalar(grep { $_->{end} // '' eq 'dropped' } @{ get('log')->{sessions} }), '>', 20, 'after many a drop');
	is(get('log')->{strange}, 0, 'and nothing strange was said');
	my @confirmed = grep { $_->{confirmed} } @{ $sent->{delivered} };
	cmp_ok(scalar @confirmed, '>', 100, 'most were confirmed by a pong');
	post('drop?chance=0&on=command');
	$_->end for values %bot;
	until_ok('all have left', sub { !grep { $_->{connections} } @{ get('state')->{b} } });
}
my @many = map { Bot->open($port{7775}) } 1 .. 20;
until_ok('twenty are there', sub { get('state')->{b}[0]{clients} == 20 });
is(post('drop?chance=1&how=fin&port=7776')->{dropped}, 0, 'nobody at another port');
my $some = post('drop?chance=0.5&how=fin')->{dropped};
cmp_ok($some, '>', 2, 'some by chance');
cmp_ok($some, '<', 18, 'not all');
post('send?text=x');
is(scalar(grep { defined $_->text } @many), 20 - $some, 'the others are told');
post('drop?chance=1&how=fin&on=beat&port=7775');
my ($stays) = grep { !$_->{ended} } @many;
$stays->say($Bot::beat);
is($stays->text, 'pong', 'a beat is answered');
is($stays->text, undef, 'and then the connection is dropped');
post('reset');
my $well = Bot->open($port{7775});
$well->say($Bot::beat);
$well->say($Bot::beat);
is_deeply([$well->text, $well->text], ['pong', 'pong'], 'until it is reset');
like(refused('drop?chance=2'), qr/chance/, 'a chance that is none');
like(refused('drop?how=gently'), qr/how=/, 'a way that is none');
is(stop_it($c2), 0, 'it ends well');
$c2 = undef;
my $page = slurp("$src/docs/range.md");
is_deeply([grep { $page !~ /^\| `\Q$_\E` \|/m } @states, @faults, @verbs], [], 'docs/range.md has every state, fault and verb');
done_testing();
