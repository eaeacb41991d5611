#!/usr/bin/perl
# The bell on the board, in Chromium: tests/browser/bell.mjs prints the TAP. What was heard comes from tests/c2_fixture.c.
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

my $dir = new_house('bell', evidence => 1, listen => '127.0.0.1:0');
my $password = 'correct horse battery staple';
for (['hanako', '当番 花子', 'analyst'], ['keiko', '連携 恵子', 'connector_admin']) {
	my ($code, $out, $err) = hk(\"$password\n", 'user', 'add', '--roles', $_->[2], '--name', $_->[1], $_->[0]);
	$code == 0 or die "user add: $err";
}
# The web role alone: nobody does the jobs, so that nothing moves but what the test moves.
my $web = spawn_role('web', 'web');
my $at;
until_ok('the web role listens', sub { ($at) = slurp("$work/web.err") =~ m{web\.listens url=(\S+)}; $at }) or die slurp("$work/web.err");
$at =~ s{/$}{};
(my $fixture = $CtFollow::hikeshi) =~ s{src/hikeshi$}{tests/c2_fixture};
my $status = system('node', "$source/tests/browser/bell.mjs", $at, 'hanako', $password, $fixture, $House::database, "$dir/audit.key", "$dir/blobs");
print STDERR map { "# $_\n" } grep { /error|warning|fatal/ } split /\n/, slurp("$work/web.err") if $status;
stop_it($web);
exit($status ? 1 : 0);
