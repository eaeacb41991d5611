#!/usr/bin/perl
# bench/bell.pl: from the frame of a command channel to the case that is open and the alarm that is queued; on the range, whole house, many waves, each with another text and
# another site. Beside it the floor: what the same house needs to open a case by hand (`hikeshi case add`), process start included, one after the other.
#
#   HK_BUILD=build-rel perl bench/bell.pl [WAVES]     (300)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../tests/scenario/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);

my $count = shift @ARGV || 300;
my $src = "$FindBin::Bin/..";
my $json = JSON::PP->new->utf8->canonical;
my $http = HTTP::Tiny->new(timeout => 30);
$CtFollow::deadline_s = $ENV{HK_BENCH_WAIT} || 120;

start("$work/c2.out", "$work/c2.err", 0, $CtFollow::range, 'c2', '--begin', 'control');
ok(until_ok('range', sub { slurp("$work/c2.out") =~ /\n/ }), 'the range') or BAIL_OUT(slurp("$work/c2.err"));
my $c2 = $json->decode((split /\n/, slurp("$work/c2.out"))[0]);
my $ports = join ', ', map { qq("$_") } split ' ', $c2->{range_ports};
my $egress = spew("$work/egress.conf", "range = 127.0.0.1\nrange-addresses = { \"203.0.113.77\" }\nrange-ports = { $ports }\naddress-rate = 2000\naddress-burst = 2000\n");
mkdir "$work/c2";
(my $family = slurp("$src/conf/c2/keepspy.conf")) =~ s/^enabled = false/enabled = true/m;
$family =~ s{^drops = .*}{drops = { "http://drop.range.test/" }}m;
spew("$work/c2/keepspy.conf", $family);
mkdir "$work/chats";
chmod 0600, spew("$work/chats/url", "http://127.0.0.1:9/\n"), spew("$work/chats/key", 'k' x 32);
spew("$work/chats/duty.conf", "kind = webhook\nurl-file = url\nkey-file = key\n");
new_house('bell', listen => '127.0.0.1:0', egress => $egress, targets => "$src/conf/targets/example.conf", families => "$work/c2", 'c2-key' => "$work/c2.key", chats => "$work/chats");
my $serve = spawn_role('serve', 'serve', '--workers', '1');
ok(until_ok('five', sub { (value(q(SELECT COUNT(*) FROM c2_sessions WHERE state = 'open')) // 0) == 5 }), 'five ports are listened to') or BAIL_OUT(slurp("$work/serve.err"));

for my $n (1 .. $count) {
	my $text = join '', map { chr(0x4e00 + ($n * 7919 + $_ * 104729) % 20000) } 1 .. 8;
	utf8::encode(my $body = "\x{53d1}\x{4fe1}\x{606f}&" . join(',', map { sprintf '0900000%04d', $_ } 1 .. 40) . " \x{3010}\x{307f}\x{307b}\x{3093}\x{9280}\x{884c}\x{3011}$text https://w$n.mihon-login.example/");
	my $answer = $http->post("http://127.0.0.1:$c2->{port}/-/send?port=" . (7775 + $n % 5), { content => $body });
	diag($answer->{content}) if !$answer->{success};
	sleep(0.02);
}
ok(until_ok('waves', sub { value('SELECT COUNT(*) FROM waves') == $count }), "$count waves") or diag value('SELECT COUNT(*) FROM waves');
is(value('SELECT COUNT(*) FROM cases'), $count, 'a case each');

sub spread {
	my ($sql) = @_;
	my @ms = sort { $a <=> $b } map { $_->[0] } rows($sql);
	return map { $ms[$#ms * $_] } 0.5, 0.95, 1;
}
my ($p50, $p95, $max) = spread('SELECT c.opened_ms - MIN(k.at_ms) FROM waves w JOIN cases c ON c.id = w.case_id JOIN c2_commands k ON k.wave_id = w.id GROUP BY w.id');
my ($a50, $a95, $amax) = spread(q(SELECT MIN(n.at_ms) - MIN(k.at_ms) FROM waves w JOIN notices n ON n.case_id = w.case_id AND n.event = 'wave.seen' JOIN c2_commands k ON k.wave_id = w.id GROUP BY w.id));
# The floor.
my $from = time();
for my $n (1 .. 30) {
	hk('case', 'add', "https://floor$n.mihon-login.example/");
}
my $floor = (time() - $from) / 30 * 1000;
my @figures = (
	["frame received to case open, p95 of $count waves", $p95, 'ms', '<= 1000'],
	["frame received to alarm queued, p95 of $count waves", $a95, 'ms', '<= 1000'],
);
for my $f (@figures) {
	printf "%-52s %7.1f ms   %.2f x `hikeshi case add` (%.1f ms)   %s\n", $f->[0], $f->[1], $f->[1] / $floor, $floor, $f->[3];
	next if !$ENV{HK_BENCH_OUT};
	open my $out, '>>', $ENV{HK_BENCH_OUT} or die;
	print {$out} $json->encode({ group => 'bell', name => $f->[0], value => 0 + $f->[1], unit => $f->[2], beside => 'hikeshi case add', ratio => $f->[1] / $floor, target => $f->[3] }), "\n";
	close $out;
}
printf "p50 %.1f, max %.1f ms; alarm p50 %.1f, max %.1f ms\n", $p50, $max, $a50, $amax;
is(stop_it($serve), 0, 'SIGTERM');
done_testing();
