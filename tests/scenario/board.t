#!/usr/bin/perl
# databases: both
# The board in Chromium, against a house with all of its roles and a log of the range: keyboard, bulk, merge, undo, export, live
# updates, hostile text, and axe on every page. The tests themselves are tests/browser/board.mjs, which prints the TAP.
# HK_MANUAL=DIR: takes the pictures of docs/board as well (HK_MANUAL=docs/board tests/scenario/board.t).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;

$CtFollow::deadline_s = 240;
my $source = "$FindBin::Bin/../..";
$ENV{HK_SRC} = $source;
if (!-e ($ENV{HK_CHROMIUM} || '/usr/bin/chromium')) {
	print "1..0 # SKIP no Chromium here (HK_CHROMIUM names one)\n";
	exit 0;
}

my $log = start_log('board', '--size', '200', '--rate', '2', '--publish-ms', '500', '--phish-every', '8', '--api', 'static');
my $dir = new_house('board', logs => list_of('board.json', $log), from => 'start', poll => '500ms', rate => '0', threshold => '0',
	listen => '127.0.0.1:0', 'web-key' => "$work/web.key", targets => "$source/conf/targets/example.conf");
my $password = 'correct horse battery staple';
my ($code, $out, $err) = hk(\"$password\n", 'user', 'add', '--roles', 'analyst,approver,system_admin,auditor', '--name', '当番 花子', 'hanako');
$code == 0 or die "user add: $err";
my $serve = spawn_role('serve', 'serve');
my $at;
until_ok('the web role listens', sub { ($at) = slurp("$work/serve.err") =~ m{web\.listens url=(\S+)}; $at }) or die slurp("$work/serve.err");
$at =~ s{/$}{};
until_ok('sightings', sub { value('SELECT COUNT(*) FROM sightings') >= 10 });

$ENV{HK_BOARD} = 'quick' if $ENV{HK_TEST_PGSQL};
my $status = system('node', "$source/tests/browser/board.mjs", $at, 'hanako', $password);
print STDERR map { "# $_\n" } grep { /error|warning|fatal/ } split /\n/, slurp("$work/serve.err") if $status;
stop_it($serve);
exit($status ? 1 : 0);
