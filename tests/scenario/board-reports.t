#!/usr/bin/perl
# The takedown on the board, in Chromium: tests/browser/reports.mjs prints the TAP. The reports come from tests/report_fixture.c.
# HK_MANUAL=DIR: takes the pictures of docs/board as well (HK_MANUAL=docs/board tests/scenario/board-reports.t).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;

my $source = "$FindBin::Bin/../..";
$ENV{HK_SRC} = $source;
if (!-e ($ENV{HK_CHROMIUM} || '/usr/bin/chromium')) {
	print "1..0 # SKIP no Chromium here (HK_CHROMIUM names one)\n";
	exit 0;
}

my $dir = new_house('reports', evidence => 1, listen => '127.0.0.1:0', 'web-key' => "$work/web.key", targets => "$source/conf/targets/example.conf");
my $password = 'correct horse battery staple';
for my $user ([ 'hanako', 'analyst,approver,system_admin,connector_admin', '当番 花子' ], [ 'taro', 'analyst', '佐藤 太郎' ], [ 'mieko', 'viewer', '見田 みえ子' ]) {
	my ($code, $out, $err) = hk(\"$password\n", 'user', 'add', '--roles', $user->[1], '--name', $user->[2], $user->[0]);
	$code == 0 or die "user add: $err";
}
# The web role alone: nobody does the jobs, so that what waits goes on waiting.
my $web = spawn_role('web', 'web');
my $at;
until_ok('the web role listens', sub { ($at) = slurp("$work/web.err") =~ m{web\.listens url=(\S+)}; $at }) or die slurp("$work/web.err");
$at =~ s{/$}{};
(my $fixtures = $CtFollow::hikeshi) =~ s{src/hikeshi$}{tests};
my $status = system('node', "$source/tests/browser/reports.mjs", $at, 'hanako', $password, $fixtures, $House::database, "$dir/audit.key", "$dir/blobs");
print STDERR map { "# $_\n" } grep { /error|warning|fatal/ } split /\n/, slurp("$work/web.err") if $status;
stop_it($web);
exit($status ? 1 : 0);
