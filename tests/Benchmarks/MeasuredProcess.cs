using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>What a process cost.</summary>
/// <param name="Wall">From its start to its end.</param>
/// <param name="Cpu">User and system time of all its threads.</param>
/// <param name="PeakBytes">The most memory that was resident at once (the kernel's VmHWM).</param>
internal sealed record Cost(TimeSpan Wall, TimeSpan Cpu, long PeakBytes);

/// <summary>Runs a command and measures it from outside, as the kernel counts.</summary>
internal static class MeasuredProcess
{
    // The kernel's clock ticks of /proc/PID/stat: 100 a second on every Linux of today.
    private const double TicksPerSecond = 100;

    // The counters are read until the process is gone, so a measurement misses at most this much of its end.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0, or took too long.</exception>
    public static Task<Cost> RunAsync(string file, params string[] arguments) => RunAsync(file, arguments, new Dictionary<string, string?>());

    /// <summary>Runs it to its end with variables of its own; null takes one away.</summary>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0, or took too long.</exception>
    public static async Task<Cost> RunAsync(string file, string[] arguments, IReadOnlyDictionary<string, string?> variables)
    {
        var start = new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{file} could not be started");
        var printed = process.StandardOutput.ReadToEndAsync();
        var complained = process.StandardError.ReadToEndAsync();
        var (cpu, peak) = (TimeSpan.Zero, 0L);
        while (!process.HasExited)
        {
            cpu = Max(cpu, CpuOf(process.Id));
            peak = Math.Max(peak, PeakOf(process.Id));
            if (clock.Elapsed > Limit)
            {
                process.Kill();
                throw new InvalidOperationException($"{file} did not end in {Limit.TotalMinutes} minutes");
            }
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(Interval));
        }
        var wall = clock.Elapsed;
        return process.ExitCode == 0
            ? new Cost(wall, cpu, peak)
            : throw new InvalidOperationException($"{file} ended with {process.ExitCode}:\n{await printed}\n{await complained}");
    }

    private static TimeSpan CpuOf(int pid)
    {
        if (Read($"/proc/{pid}/stat") is not { } stat)
            return TimeSpan.Zero;
        // The command's name stands in brackets and may hold spaces; user and system time are the 12th and 13th after it.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / TicksPerSecond);
    }

    private static long PeakOf(int pid)
    {
        var line = Read($"/proc/{pid}/status")?.Split('\n').FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : Number(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal)) * 1024;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // The process ended between the question and the look.
            return null;
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}
