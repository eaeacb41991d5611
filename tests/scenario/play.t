#!/usr/bin/perl
# Scenarios of `hikeshi-range play`: what is shipped is right; bad files are told by line; the night in a fast clock: each event happens, and the world shows it; two banks see
# different worlds; faults begin and end; moments come; nothing is left behind when it ends or a part is killed.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Bot;
use CtFollow;
use Encode qw(decode_utf8 encode_utf8);
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use Test::More;
use Time::HiRes qw(sleep);

my $json = JSON::PP->new->utf8->canonical;
my $src = "$FindBin::Bin/../..";
my $http = HTTP::Tiny->new(timeout => 30);
binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

# run_play(word...): (exit code, standard output, standard error).
sub run_play {
	my @words = @_;
	my $pid = start("$work/.out", "$work/.err", 0, $CtFollow::range, 'play', @words, '--share', $src);
	waitpid $pid, 0;
	my @got = ($? >> 8, slurp("$work/.out"), slurp("$work/.err"));
	unlink "$work/.out", "$work/.err";
	return @got;
}
sub asks { my ($method, $url, $body) = @_; return $http->request($method, $url, { content => $body // '' }) }
sub get { return eval { $json->decode(asks('GET', $_[0])->{content}) } }
sub children { my ($pid) = @_; return split ' ', slurp("/proc/$pid/task/$pid/children") }
sub lines { my ($name) = @_; return map { eval { $json->decode($_) } // () } split /\n/, slurp("$work/$name.out") }

# play(name, option...): begins, waits until it is ready: pid, ready line.
sub play {
	my ($name, @options) = @_;
	my $pid = start("$work/$name.out", "$work/$name.err", 0, $CtFollow::range, 'play', '--dir', "$work/$name", '--share', $src, @options);
	ok(until_ok($name, sub { slurp("$work/$name.out") =~ /\n/ || !kill 0, $pid }), "$name: is there");
	my ($ready) = lines($name);
	ok($ready && $ready->{ready}, "$name: says so") or BAIL_OUT(slurp("$work/$name.err"));
	return ($pid, $ready);
}
sub ended { my ($name) = @_; return until_ok("$name ends", sub { slurp("$work/$name.out") =~ /"ended":true/ }) }
# at(ready, host, path, agent): what a visitor of the sites is shown.
sub at {
	my ($ready, $host, $path, $agent) = @_;
	my ($port) = $ready->{parts}{sites}{url} =~ /:(\d+)/;
	my $to = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 30) or return '';
	print $to "GET $path HTTP/1.1\r\nHost: $host\r\nUser-Agent: " . ($agent // 'Mozilla/5.0') . "\r\nConnection: close\r\n\r\n";
	local $/;
	my $text = <$to> // '';
	return decode_utf8($text);
}
my $phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1';

# --- what is shipped, and what is wrong with a file ---
my ($code, $out, $err) = run_play('--list');
is($code, 0, '--list') or diag $err;
my @shipped = map { s{.*/(.*)\.scenario$}{$1}r } sort glob("$src/range/scenarios/*.scenario");
is(scalar @shipped, 10, 'ten are shipped');
is_deeply([map { (split)[0] } split /\n/, $out], \@shipped, 'each with its title');
like(decode_utf8($out), qr/^night +A night on duty \/ 当直の夜/m, 'in two languages');
for my $name (@shipped) {
	($code, $out, $err) = run_play('--check', "$src/range/scenarios/$name.scenario");
	is($code, 0, "$name is right") or diag $err;
}
my $bad = spew("$work/bad.scenario", slurp("$src/range/scenarios/night.scenario") . "5s site www.somebody.co.jp kit=bp1\n");
my $last = () = slurp($bad) =~ /\n/g;
($code, $out, $err) = run_play('--check', $bad);
is($code, 65, 'what is wrong is told');
like($err, qr/^hikeshi-range: \Q$bad:$last\E: hosts: 'www\.somebody\.co\.jp' is somebody's: .*\.example and \.test/m, 'with file, line, and what to do');
is($out, '', 'and nothing else');
($code, $out, $err) = run_play('--check', "$work/none.scenario");
is($code, 66, 'a file that is not there') or diag $err;
($code, undef, $err) = run_play($bad);
is($code, 64, 'without --dir') or diag $err;
like($err, qr/play FILE --dir DIR/, 'how it is done');
my $steps = spew("$work/steps.scenario", slurp("$src/range/scenarios/night.scenario") =~ s/^(bank .*)$/$1\nparty a\@x.example steps=/mr);
($code, undef, $err) = run_play('--check', $steps);
is($code, 65, 'a list of steps that is empty');
like($err, qr/steps: '' is no list of steps: ack:5s/, 'says what one looks like');
for ([['--begin', 'foo'], qr/--begin: 'foo' is none of now, control, clients/], [['--lang', 'fr'], qr/--lang: 'fr' is none of en, ja, both/], [['--dir', "$work/p\"q"], qr/--dir: .*without ".*p\\"q/], [['--dir', "$work/p\nq"], qr/--dir: .*control characters.*p\\nq/]) {
	my ($words, $said) = @$_;
	($code, undef, $err) = run_play('night', '--dir', "$work/never", @$words);
	is($code, 64, "$words->[0]: a word that does not fit is refused");
	like($err, $said, 'and told');
	ok(!-e "$work/never" && !-e $words->[1], 'and nothing is made');
}
# As on a machine that has the package of the range alone.
system('mkdir', '-p', "$work/alone/range") == 0 && symlink("$src/range/scenarios", "$work/alone/range/scenarios") or BAIL_OUT("$work/alone: $!");
my $alone = start("$work/.out", "$work/.err", 0, $CtFollow::range, 'play', 'night', '--dir', "$work/never", '--share', "$work/alone");
waitpid $alone, 0;
is($? >> 8, 64, 'without conf/ and rules/');
like(slurp("$work/.err"), qr{there is no \S+/alone/conf, .*install the package hikeshi}, 'it says what is missing');
ok(!-e "$work/never", 'before anything is made');

# --- the document has what the table has ---
my $page = decode_utf8(slurp("$src/docs/scenarios.md"));
my $help = decode_utf8((run_play('--help'))[1]);
my ($language) = $help =~ /(\nthe head of a scenario.*?)\nexamples:/s;
my @rows = $language =~ /^ {2,4}(?! )(\S.*)$/mg;
cmp_ok(scalar @rows, '>', 80, 'the language is in --help');
my @missing = grep { my ($word, $what) = /^(\S+) +(.*?)(?: \(default .*\))?$/; index($page, "`$word`") < 0 || index($page, $what) < 0 } @rows;
is_deeply(\@missing, [], 'docs/scenarios.md has every word and value');
my ($first) = $page =~ /```\n(title-en .*?)```/s;
spew("$work/first.scenario", encode_utf8($first));
($code, undef, $err) = run_play('--check', "$work/first.scenario");
is($code, 0, 'its first scenario is right') or diag $err;

# --- the night ---
my ($pid, $ready) = play('night', 'night', '--speed', '20');
my $bank = $ready->{banks}[0];
is(scalar @{ $ready->{banks} }, 1, 'one bank');
ok(-e $bank->{config}, 'with a configuration');
unlike(slurp("$work/night.out"), qr/"at_s"/, 'nothing happens before it is told');
is(get("$ready->{control}/-/state")->{begun}, JSON::PP::false, 'its state says so');
my @children = children($pid);
cmp_ok(scalar @children, '>=', 9, 'its parts are children');
my ($rc, $said, $why) = do {
	my $p = start("$work/.config", "$work/.config.err", 0, $CtFollow::hikeshi, 'config', 'show', '--config', $bank->{config});
	waitpid $p, 0;
	($? >> 8, slurp("$work/.config"), slurp("$work/.config.err"));
};
is($rc, 0, 'hikeshi understands the configuration') or diag $why;
# An observer as hikeshi is one: five connections.
my ($c2) = $ready->{parts}{c2}{url};
my @ears = map { Bot->open($_->{port}) } @{ get("$c2/-/state")->{b} };
like(at($ready, 'www.mihon-bank-kakunin.test', '/'), qr/^HTTP\S+ 404/, 'a site that comes later is not there');
is(asks('POST', "$ready->{control}/-/begin")->{status}, 200, 'it begins');
ok(until_ok('wave', sub { slurp("$work/night.out") =~ /"event":"wave"/ }), 'the wave');
# Reported: to the hoster, as hikeshi does.
my $mail = $ready->{parts}{mailhouse}{url};
sub report {
	my ($to, $url) = @_;
	my ($smtp) = slurp("$bank->{config}") =~ /^smtp = "smtp:\/\/127\.0\.0\.1:(\d+)"/m;
	my $talk = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$smtp", Timeout => 30) or return 0;
	(my $safe = $url) =~ s/^http/hxxp/;
	my @say = ("HELO x", "MAIL FROM:<csirt+1\@mihon-bank.example>", "RCPT TO:<$to>", 'DATA', "From: csirt\@mihon-bank.example\r\nMessage-ID: <1\@x.example>\r\nSubject: report\r\n\r\n$safe\r\n.");
	my $code = <$talk>;
	for my $line (@say) {
		print $talk "$line\r\n";
		$code = <$talk>;
	}
	return ($code // '') =~ /^250/;
}
ok(report('abuse@yoru-hosting.example', 'http://www.mihon-bank-kakunin.test/'), 'a site is reported');
ok(report('abuse@hane-cloud.example', 'http://secure.mihon-direct-ninsho.test/'), 'another one');
ok(ended('night'), 'it ends');
my @events = lines('night');
my $end = pop @events;
shift @events;
is("$end->{failed} $end->{never}", '0 0', 'nothing failed, nothing is left') or diag slurp("$work/night.out");
my @written = grep { /^(?:\d|reported:|dark:)/ } split /\n/, slurp("$src/range/scenarios/night.scenario");
is(scalar @events, scalar @written, 'each event of the file has happened') or diag map { "$_->{line} $_->{event}\n" } @events;
is($end->{done}, scalar @written, 'and is counted');
is((grep { !$_->{say_en} != !$_->{say_ja} } @events), 0, 'what is told is told in both languages');
my @times = map { $_->{at_s} } @events;
is_deeply(\@times, [sort { $a <=> $b } @times], 'one after the other');
my $state = get("$ready->{control}/-/state");
is(scalar @{ $state->{pending} }, 0, 'nothing is pending');
is(scalar @{ $state->{done} }, scalar @written, 'all is done');
# The world shows it.
my $names = join ' ', map { my $t = asks('GET', "$ready->{parts}{'ct-log'}{url}/ct/v1/get-entries?start=" . 256 * $_ . '&end=' . (256 * $_ + 255))->{content}; $json->decode($t)->{entries} ? map { decode_base64($_->{leaf_input}) } @{ $json->decode($t)->{entries} } : () } 1 .. 2;
like($names, qr/kx7q2vd9ra\.test/, 'the certificate is in the log');
cmp_ok(scalar(() = $names =~ /[0-9a-z]{8,9}\.duckdns\.org/g), '>=', 100, 'the hundred names, too');
like(at($ready, 'kx7q2vd9ra.test', '/'), qr/お客さま番号/, 'the site with a random name answers');
like(at($ready, 'www.mihon-bank-anzen.test', '/', $phone), qr/みほんダイレクト/, 'the cloaked one, to a telephone');
like(at($ready, 'www.mihon-bank-anzen.test', '/'), qr/^HTTP\S+ 302.*mihon-bank\.example/s, 'and sends others to the bank');
is(get("$mail/box?address=alerts\@mihon-bank.example")->{mails}, 1, "the service's mail is there");
is(get("$mail/box?address=customers\@mihon-bank.example")->{mails}, 1, "the customer's, too");
my $alert = asks('GET', "$mail/box?address=alerts\@mihon-bank.example&n=1")->{content};
spew("$work/alert.eml", $alert);
my $p = start("$work/.read", "$work/.read.err", 0, $CtFollow::hikeshi, 'mail', 'read', '--mail-rules', "$src/conf/mail", '--mail-servers', 'mx.mihon-bank.example', "$work/alert.eml");
waitpid $p, 0;
my $read = $json->decode(slurp("$work/.read") || '{}');
is($read->{sightings}[0]{data}{rule} // '', '鏡ウォッチ', 'hikeshi reads it by its rule') or diag slurp("$work/.read"), slurp("$work/.read.err");
my $sent = get("$c2/-/sent");
is(scalar @{ $sent->{commands} }, 5, 'five commands');
is(scalar(grep { @{ $_->{delivered} // [] } } @{ $sent->{commands} }) || scalar @{ $sent->{delivered} // [] }, 5, 'reached the observer') or diag $json->encode($sent);
like($sent->{commands}[0]{text}, qr/【みほん銀行】.*https:\/\/t\.range\.test\/1kgW8Huk6K/, 'with their text');
like(at($ready, 'secure.mihon-direct-ninsho.test', '/'), qr/^HTTP\S+ 404/, 'the second hoster has removed its site');
like(at($ready, 'www.mihon-bank-kakunin.test', '/'), qr/みほん/, 'the first one is back');
cmp_ok(get("$mail/box?address=csirt\@mihon-bank.example")->{mails}, '>=', 4, 'both hosters have answered');
is(stop_it($pid), 0, 'SIGTERM') or diag slurp("$work/night.err");
ok(until_ok('all gone', sub { !grep { -d "/proc/$_" } @children }), 'leaves no process');

# --- faults, a feed, lists, a site of another brand; two banks ---
my $faults = <<'END';
title-en Faults
title-ja 障害
bank a name=あお銀行 name-en="Ao Bank" domain=ao-bank.example
bank b name=べつ銀行 name-en="Betsu Bank" domain=betsu-bank.example hears=no
0s site www.ao-login.test page=login bank=a
0s site www.betsu-login.test kit=cp29 bank=b
0s certs many habit=combo count=5 per=2 over=4s bank=b
0s site once.test page=card for=once else=expired
0s site script.test page=login for=js-touch else=blog
0s certs crowd habit=duckdns count=201
0s site @crowd kit=bp1
1s feed b urls=http://www.betsu-login.test/x brand=b
1s alert b urls=http://www.betsu-login.test/?a=1&b=2 service=talon
2s chat teams bank=a status=503 for=2h
2s smtp later for=1s
3s ct 5xx
3s tsa refused
3s vendor netcraft mode=503 bank=b for=2h
4s listed http://www.ao-login.test/
5s dns down
6s turn www.ao-login.test hold
END
spew("$work/faults.scenario", encode_utf8($faults));
($pid, $ready) = play('faults', "$work/faults.scenario", '--begin', 'now', '--speed', '2', '--lang', 'ja');
my ($ao, $betsu) = @{ $ready->{banks} };
is("$ao->{name} $betsu->{name}", 'a b', 'two banks');
# The chat's fault lasts for hours, so that it can be looked at; its end comes with the clock.
ok(until_ok('the last event', sub { slurp("$work/faults.out") =~ /"event":"turn"/ }), 'all have begun') or diag slurp("$work/faults.out");
unlike(slurp("$work/faults.out"), qr/"error"/, 'and none failed') or diag slurp("$work/faults.out");
is(scalar(grep { $_->{over} } lines('faults')), 1, 'one is over') or diag slurp("$work/faults.out");
my $shown = at($ready, 'www.betsu-login.test', '/');
like($shown, qr/べつダイレクト.*Betsu Bank/s, 'an imitation of the second bank');
unlike($shown, qr/みほん|Mihon/, 'and of nobody else');
like(at($ready, 'www.ao-login.test', '/'), qr/^$/, 'the other one is on hold');
like(slurp("$work/faults/world/world.json"), qr/"client hold"/, 'its registry says so');
like(at($ready, 'once.test', '/'), qr/あおカード/, 'a site for the first visitor');
like(at($ready, 'once.test', '/'), qr/有効期限/, 'is not for the second');
like(at($ready, 'script.test', '/'), qr/maxTouchPoints.*珈琲/s, 'a script decides');
like(at($ready, 'script.test', '/in'), qr/ログインパスワード/, 'and leads on');
like(at($ready, 'zzzzzzz9.duckdns.org', '/'), qr/！/, 'a crowd of names is set up at once');
isnt(slurp("$ao->{dir}/c2/keepspy.conf"), '', 'the first bank listens to the command channel');
ok(!-e "$betsu->{dir}/c2/keepspy.conf", 'the second does not');
like(slurp("$betsu->{dir}/feeds/range-taxii.conf"), qr/taxii/, 'the second reads a feed');
is_deeply([glob "$ao->{dir}/feeds/*"], [], 'the first does not');
my ($taxii) = slurp("$betsu->{dir}/feeds/range-taxii.conf") =~ /url = "([^"]+)"/;
my ($feed) = $taxii =~ m{^(http://[^/]+)};
like(asks('GET', "$feed/feed.jsonl")->{content}, qr{http://www\.betsu-login\.test/x}, 'with what the scenario put there');
isnt($ao->{vendors}, $betsu->{vendors}, 'each has its own vendors');
like(slurp("$betsu->{dir}/requests.jsonl"), qr/alerts\@ao-bank\.example/, 'and knows where the other is told');
like(decode_utf8(slurp("$ao->{dir}/targets.conf")), qr/\[あお銀行\].*\[べつ銀行\]/s, 'both know both brands');
is(get("$ready->{parts}{mailhouse}{url}/box?address=alerts\@betsu-bank.example")->{mails}, 1, "the alert is in the second's mailbox");
is(get("$ready->{parts}{mailhouse}{url}/box?address=alerts\@ao-bank.example")->{mails}, 0, 'and not in the first');
my $card = { attachments => [] };
is(asks('POST', "$ao->{chats}/chat/teams", $json->encode($card))->{status}, 503, "the first bank's chat is away");
isnt(asks('POST', "$betsu->{chats}/chat/teams", $json->encode($card))->{status}, 503, "the second's is not");
is(asks('GET', "$ready->{parts}{'ct-log'}{url}/ct/v1/get-sth")->{status}, 503, 'the log fails');
like(join('', map { $_->{say_en} // '' } lines('faults')), qr/^$/, 'told in Japanese only');
like(slurp("/proc/$ready->{parts}{registry}{pid}/stat"), qr/\) T /, 'name servers are silent');
# --- a part is killed ---
@children = children($pid);
kill 'KILL', $ready->{parts}{sites}{pid};
waitpid $pid, 0;
is($? >> 8, 74, 'a part that is killed ends all');
like(slurp("$work/faults.out"), qr/"event":"part-ended","about":"sites"/, 'which is told');
like(slurp("$work/faults.err"), qr/sites ended \(signal 9\)/, 'and why');
ok(until_ok('all gone', sub { !grep { -d "/proc/$_" } @children }), 'no process is left, not even one that was silent');

# --- whoever kills it kills its parts, silent ones too ---
($pid, $ready) = play('killed', "$work/faults.scenario", '--begin', 'now', '--speed', '10');
ok(until_ok('silence', sub { slurp("$work/killed.out") =~ /"event":"dns"/ }), 'name servers are silent');
@children = children($pid);
kill_it($pid);
ok(until_ok('all gone', sub { !grep { -d "/proc/$_" && slurp("/proc/$_/stat") !~ /\) Z / } @children }), 'kill -9 leaves no process either');
($code, undef, $err) = run_play('night', '--dir', "$work/killed");
is($code, 64, 'a folder is played in once');
like($err, qr/name a new folder/, 'which is told');
done_testing();
