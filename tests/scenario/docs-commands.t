#!/usr/bin/perl
# Every ```sh block of the documents works as it stands there. Each document is one sequence, run by bash in the source tree: a command that fails ends it.
#
#   tests/scenario/docs-commands.t             README.md, the tutorial, the how-tos, the Japanese editions, and every other docs/*.md with such a block
#   tests/scenario/docs-commands.t WORD...     only documents whose path contains one of the words; what they print is shown
#
# What stands around a block, as comments that no reader sees:
#
#   <!-- not run: why -->      before a block: it is not run, and the reason is printed here. A ```console block (for eyes) of README.md, of the tutorial, of a how-to or of a
#                              Japanese edition needs one
#   <!-- prints: ERE -->       behind a block, again for more: a line of what the block prints fits (Perl)
#
# Below /tmp/ stands a folder of the test's own, 8NNN is a free port, and `hikeshi` is the one of HK_BUILD. A translation whose blocks are those of the original is not run once more.
use strict;
use warnings;
use utf8;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h setsid);
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);
my $src = abs_path(dirname(__FILE__) . '/../..');
my $build = abs_path($ENV{HK_BUILD} || "$src/build");
chdir $src or die "$src: $!";
my $limit_s = 120;

sub slurp { open my $in, '<:encoding(UTF-8)', $_[0] or return ''; local $/; return scalar <$in> // '' }
sub spew { open my $out, '>:encoding(UTF-8)', $_[0] or die "$_[0]: $!"; print $out $_[1]; close $out or die "$_[0]: $!"; return $_[0] }

# blocks(file): ({line, lang, text, why, prints => [...]}, ...).
sub blocks {
	my ($file) = @_;
	my (@blocks, $inside, $why);
	my $n = 0;
	for my $line (split /\n/, slurp($file)) {
		$n++;
		if ($inside) {
			if ($line =~ /^```\s*$/) { $inside = undef }
			else { $inside->{text} .= "$line\n" }
		} elsif ($line =~ /^```(\S*)/) {
			push @blocks, $inside = { line => $n, lang => $1, text => '', why => $why, prints => [] };
			$why = undef;
		} elsif ($line =~ /^<!-- not run: (.+) -->$/) { $why = $1 }
		elsif ($line =~ /^<!-- prints: (.+) -->$/ && @blocks) { push @{ $blocks[-1]{prints} }, $1 }
		elsif ($line =~ /\S/) { $why = undef }
	}
	return @blocks;
}

# free(port...): two digits to put in front of the last three of each, so that all of them are free, below the kernel's own.
my $fronts = $$;
sub free {
	my @ports = @_;
	for (0 .. 11) {
		my $front = 20 + $fronts++ % 12;
		my @held = grep { $_ } map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $front . substr($_, 1), Listen => 1) } @ports;
		return $front if @held == @ports;
	}
	die 'no free ports';
}

# begin(file, block...): runs them; {pid, dir, file, blocks, ...}. What they say is below dir.
my @running;
sub begin {
	my ($file, @blocks) = @_;
	my $dir = tempdir('/tmp/hk-docs.XXXXXX');
	mkdir "$dir/$_" for qw(tmp home out);
	chmod 0711, $dir; # a server of PostgreSQL that root starts runs as somebody else
	my %ports = map { $_ => 1 } map { $_->{text} =~ /\b(8\d{3})\b/g } @blocks;
	my $front = free(sort keys %ports);
	my $script = qq(set -eE -o pipefail\ntrap 'echo "\$? \${BASH_SOURCE[0]##*/} \$LINENO \$BASH_COMMAND" >"$dir/failed"' ERR\n);
	for my $i (0 .. $#blocks) {
		my $text = $blocks[$i]{text} =~ s{/tmp/}{$dir/tmp/}gr =~ s/\b8(\d{3})\b/$front$1/gr =~ s/^export PATH=.*\n//gmr;
		spew("$dir/out/block$i", $text);
		$script .= "source '$dir/out/block$i' >'$dir/out/$i.out' 2>'$dir/out/$i.err'\necho $i >'$dir/reached'\n";
	}
	spew("$dir/script", $script);
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		setsid();
		$ENV{PATH} = "$build/src:$build/range:$ENV{PATH}";
		$ENV{HOME} = "$dir/home";
		$ENV{TMPDIR} = "$dir/tmp";
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/stdout";
		open STDERR, '>', "$dir/stderr";
		exec 'bash', "$dir/script" or POSIX::_exit(127);
	}
	my $run = { pid => $pid, dir => $dir, file => $file, blocks => \@blocks, since => time };
	push @running, $run;
	return $run;
}

# What a document has started ends with it: it is a session of its own. A server that left the session (nginx, PostgreSQL) has said its number in a file.
sub finish {
	my ($run) = @_;
	kill 'TERM', -$run->{pid};
	for my $file (glob "$run->{dir}/tmp/*/*.pid $run->{dir}/tmp/*/*/*.pid") {
		my ($pid) = slurp($file) =~ /^(\d+)/ or next;
		kill 'QUIT', $pid if index(slurp("/proc/$pid/cmdline"), $run->{dir}) >= 0;
	}
	for (1 .. 100) {
		last if !grep { m{\) ([A-Z]) \d+ (\d+) } && $1 ne q(Z) && $2 == $run->{pid} } map { slurp($_) } glob q(/proc/[0-9]*/stat);
		select undef, undef, undef, 0.1;
	}
	kill 'KILL', -$run->{pid};
	remove_tree($run->{dir});
	return;
}
my $owner = $$;
END {
	if ($$ == $owner) {
		my $status = $?;
		finish($_) for @running;
		$? = $status;
	}
}

# told(run): a test for each block.
sub told {
	my ($run) = @_;
	my ($dir, $file) = @$run{qw(dir file)};
	my $reached = -s "$dir/reached" ? 0 + slurp("$dir/reached") : -1;
	my $failed = slurp("$dir/failed");
	my $i = -1;
	for my $block (@{ $run->{blocks} }) {
		$i++;
		my ($first) = grep { /\S/ && !/^\s*#/ } split /\n/, $block->{text};
		my $name = "$file:$block->{line}: " . substr($first // '', 0, 90);
		my $out = slurp("$dir/out/$i.out");
		my $good = ok($i <= $reached, $name);
		$good = like($out, qr/$_/m, "$file:$block->{line}: prints $_") && $good for $i <= $reached ? @{ $block->{prints} } : ();
		next if $good && !@ARGV;
		diag 'not reached' if $i > $reached + 1;
		diag map { s/\Q$dir\E//gr } $failed, slurp("$dir/stderr") if $i == $reached + 1;
		diag map { s/\Q$dir\E//gr } substr($out, -4000), substr(slurp("$dir/out/$i.err"), -4000) if $i <= $reached + 1;
	}
	return;
}

my @documents = ('README.md', 'docs/README.md', 'docs/tutorial.md', sort(glob('docs/howto/*.md')), sort(glob('docs/ja/*.md')));
my %covered = map { $_ => 1 } @documents;
push @documents, grep { !$covered{$_} } sort(glob('docs/*.md'), glob('docs/board/*.md'), 'CONTRIBUTING.md', glob('*/README.md'));
@documents = grep { my $file = $_; -f $file && (!@ARGV || grep { index($file, $_) >= 0 } @ARGV) } @documents;

my (%text, @wait);
for my $file (@documents) {
	my @all = blocks($file);
	for my $block (grep { $_->{why} } @all) { note "not run: $file:$block->{line}: $block->{why}" }
	# A block for eyes, or one without a mark that begins with a command.
	for my $block (grep { !$_->{why} && ($_->{lang} eq 'console' || $_->{lang} eq '' && $_->{text} =~ /\A(?:[#\$] )?(?:sudo|hikeshi|hikeshi-range|curl|systemctl|apt|apt-get|dpkg|mkdir|cp) /) } @all) {
		my $name = "$file:$block->{line}: a block of commands is run, or says why not";
		$covered{$file} ? fail($name) : note "not run: $file:$block->{line}: nobody has said why";
	}
	my @run = grep { $_->{lang} eq 'sh' && !$_->{why} } @all;
	next if !@run;
	# Comments are translated, commands are not.
	my $commands = join '', map { s/^\s*#.*\n//gmr } map { $_->{text} } @run;
	if (my $same = $text{$commands}) {
		pass("$file: has the commands of $same");
		next;
	}
	$text{$commands} = $file;
	push @wait, [$file, @run];
}
ok(scalar(@wait), 'there are commands') if !@ARGV;
# Three at a time, the longest first: most of them wait for something.
@wait = sort { length(join '', map { $_->{text} } @$b[1 .. $#$b]) <=> length(join '', map { $_->{text} } @$a[1 .. $#$a]) } @wait;
while (@wait || @running) {
	begin(@{ shift @wait }) while @wait && @running < 3;
	for my $run (@running) { $run->{ended} ||= waitpid($run->{pid}, WNOHANG) == $run->{pid} || time - $run->{since} > $limit_s }
	my ($done) = grep { $_->{ended} } @running;
	if (!$done) {
		select undef, undef, undef, 0.1;
		next;
	}
	note sprintf '%s: %d s', $done->{file}, time - $done->{since};
	told($done);
	@running = grep { $_ != $done } @running;
	finish($done);
}
done_testing();
