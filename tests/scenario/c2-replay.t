#!/usr/bin/perl
# databases: both
# hikeshi c2 replay and c2 observe: the five lines of 2024-12-12 are one wave; a record that was taken is not taken again; a wrong line changes nothing; what is
# listened to by hand says nothing but hello and beats and shows no number.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;

my $src = "$FindBin::Bin/../..";
my $json = JSON::PP->new->utf8;
spew("$work/shared.conf", "# none\n");
new_house('replay', targets => "$src/conf/targets/example.conf", families => "$src/conf/c2", 'c2-key' => "$work/c2.key", 'shared-hosts' => "$work/shared.conf");
my $text = "【みほん銀行】お客様の口座の取引を一時的に規制しています。詳細はこちら：hxxps://t[.]co/";
my @at = (['181514', 7778, '1kgW8Huk6K'], ['181530', 7779, 'PkiFpTGzUR'], ['181601', 7777, 'PkiFpTGzUR'], ['181616', 7776, 'PkiFpTGzUR'], ['181642', 7775, 'KoJR0A9aAf']);
my $number = 0;
my $log = join '', map { "20241212-$_->[0] $_->[1] 发信息 " . join(',', map { sprintf '0900000%04d', ++$number } 1 .. 12) . " $text$_->[2]\n" } @at;
spew("$work/five.log", $log);

my ($code, $out, $err) = hk('c2', 'replay', '--family', 'keepspy', '--dry-run', "$work/five.log");
is($code, 0, 'a dry run') or diag $err;
is_deeply($json->decode($out), { lines => 5, dry_run => JSON::PP::true }, 'reads');
is(value('SELECT COUNT(*) FROM c2_commands'), 0, 'and writes nothing');
($code, $out, $err) = hk('c2', 'replay', "$work/five.log");
is($code, 0, 'the five lines') or diag $err;
is_deeply($json->decode($out), { lines => 5, dry_run => JSON::PP::false, commands => 5, new => 5, waves => 1, cases => 1 }, 'are one wave and one case');
is(join('|', @{ (rows('SELECT commands, numbers, repeated, last_ms - first_ms FROM waves'))[0] }), '5|60|0|88000', 'of 88 seconds, to sixty people, none twice');
is(value('SELECT first_ms FROM waves'), 1733994914000, 'at 18:15:14 in Japan');
is(value("SELECT COUNT(*) FROM c2_links WHERE short = 1 AND state = 'unseen'"), 3, 'its three short links wait to be followed');
is(value('SELECT COUNT(*) FROM wave_numbers'), 60, 'hashes of sixty numbers');
is(value("SELECT COUNT(*) FROM wave_numbers WHERE region <> '0900000'"), 0, 'and their region');
($code, $out, $err) = hk('c2', 'replay', "$work/five.log");
is($json->decode($out)->{new}, 0, 'again: nothing is new') or diag $err;
is(value('SELECT COUNT(*) FROM c2_commands'), 5, 'nothing is doubled');

# --- another's wave is for that bank to know ---
spew("$work/other.log", "20241213-070000 7775 发信息 09000000001 【ほかの銀行】至急ご確認ください https://hoka.mihon-kisei.test/\n");
hk('c2', 'replay', "$work/other.log");
is(join('|', map { $_ // '' } @{ (rows("SELECT kind, state, target_id FROM cases WHERE host = 'hoka.mihon-kisei.test'"))[0] // [] }), 'phishing_other|new|', 'a bank that we do not know waits in the queue of those to be told');
# --- a link to the bank itself is no case ---
spew("$work/own.log", "20241213-080000 7775 发信息 09000000001 【みほん銀行】ご案内 https://www.mihon-bank.example/\n");
($code, $out, $err) = hk('c2', 'replay', "$work/own.log");
is($json->decode($out)->{cases}, 0, 'an official site makes no case') or diag $err;

# --- wrong input ---
my $before = value('SELECT COUNT(*) FROM c2_commands');
for my $wrong (["$log\nthis is no line\n", qr/line 7: .*neither a line/], ["{\"text\":\"x\"}\n", qr/line 1: .*at_ms/], ["20241341-000000 7775 发信息 09000000001 x\n", qr/line 1: /], ["{\"at_ms\":5,\"text\":\"x\"}\n", qr/line 1: no port/]) {
	spew("$work/wrong.log", $wrong->[0]);
	($code, undef, $err) = hk('c2', 'replay', "$work/wrong.log");
	isnt($code, 0, 'a wrong line');
	like($err, $wrong->[1], 'says which, and what is wrong');
}
is(value('SELECT COUNT(*) FROM c2_commands'), $before, 'and changes nothing');
($code, undef, $err) = hk('c2', 'replay', '--family', 'nobody', "$work/five.log");
is($code, 64, 'no such family');
like($err, qr/nobody: no family of that name/, 'says so');
($code, undef, $err) = hk('c2', 'replay', "$work/not-there.log");
isnt($code, 0, 'no such file');
($code, undef, $err) = hk('c2', 'replay');
is($code, 64, 'no file');

# --- by hand ---
my $c2 = start("$work/c2.out", "$work/c2.err", 0, $CtFollow::range, 'c2', '--scenario', "$src/range/scenarios/wave.txt", '--speed', '40', '--begin', 'clients');
ok(until_ok('c2', sub { slurp("$work/c2.out") =~ /\n/ }), 'a command channel') or BAIL_OUT(slurp("$work/c2.err"));
my $range = $json->decode((split /\n/, slurp("$work/c2.out"))[0]);
my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-addresses = { \"203.0.113.77\" }\nrange-ports = { " . join(', ', map { qq("$_") } split ' ', $range->{range_ports}) . " }\n");
mkdir "$work/c2";
(my $family = slurp("$src/conf/c2/keepspy.conf")) =~ s{^drops = .*}{drops = { "http://drop.range.test/" }}m;
spew("$work/c2/keepspy.conf", $family);
my $observe = start("$work/observe.out", "$work/observe.err", 0, $CtFollow::hikeshi, 'c2', 'observe', '--family', 'keepspy', '--families', "$work/c2", '--egress', $egress, '--for', '60s');
ok(until_ok('commands', sub { (() = slurp("$work/observe.out") =~ /"event":"command"/g) == 5 }), 'the wave is heard by hand') or diag slurp("$work/observe.err"), slurp("$work/observe.out");
is(stop_it($observe), 0, 'SIGTERM');
my @lines = map { $json->decode($_) } split /\n/, slurp("$work/observe.out");
is(scalar(grep { $_->{event} eq 'drop' && $_->{addresses} eq '203.0.113.77:7775' } @lines), 1, 'the drop was asked');
is(scalar(grep { $_->{event} eq 'open' } @lines), 5, 'five sessions');
is(scalar(grep { $_->{event} eq 'command' && $_->{verb} =~ /send/ && $_->{numbers} == 40 } @lines), 5, 'five orders to forty people each');
unlike(slurp("$work/observe.out"), qr/0[789]00000\d{4}/, 'no number is shown');
my $said = HTTP::Tiny->new->get("$range->{url}/-/log")->{content};
is($json->decode($said)->{strange}, 0, 'nothing but hello, beats and close was said') or diag $said;
($code, undef, $err) = hk('c2', 'observe', '--family', 'keepspy', '--address', 'nonsense');
is($code, 64, 'an address that is none');
like($err, qr/HOST:PORT is expected/, 'says what is');
($code, undef, $err) = hk('c2', 'observe', '--family', 'keepspy');
isnt($code, 0, 'a family without drops');
like($err, qr/names no drops/, 'says what to do');
($code, undef, $err) = hk('c2', 'observe', '--family', 'moqhao', '--address', '203.0.113.77:7775');
isnt($code, 0, 'a family that speaks what we do not');
like($err, qr/does not speak/, 'is said clearly');
done_testing();
