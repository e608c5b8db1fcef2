using System.Globalization;
using System.Text;
using Aws;

namespace Cli.Deployed;

/// <summary>An execution in words.</summary>
internal static class ExecutionText
{
    /// <summary>How a Map's chunks stand.</summary>
    public static string Chunks(MapPicture map)
    {
        var counts = map.Run.ItemCounts;
        var text = new StringBuilder($"{counts.Succeeded:N0} of {counts.Total:N0} chunks");
        if (counts.Running > 0)
            text.Append(CultureInfo.InvariantCulture, $", {counts.Running:N0} running");
        if (counts.PendingRedrive > 0)
            text.Append(CultureInfo.InvariantCulture, $", {counts.PendingRedrive:N0} wait for their redrive");
        if (counts.Failed + counts.TimedOut > 0)
            text.Append(CultureInfo.InvariantCulture, $", {counts.Failed + counts.TimedOut:N0} failed");
        if (counts.Aborted > 0)
            text.Append(CultureInfo.InvariantCulture, $", {counts.Aborted:N0} stopped");
        return text.ToString();
    }

    /// <summary>The whole picture, for <c>status</c>.</summary>
    public static string Whole(ExecutionPicture picture, string environment, Pipeline pipeline, TimeProvider time)
    {
        var execution = picture.Execution;
        var name = Name(execution);
        var text = new StringBuilder();
        void Add(string title, string value) => text.Append(title.PadRight(11)).Append(value).Append('\n');
        Add("execution", name);
        if (ExecutionInput.MigrationId(execution) is var migration && migration != name)
            Add("migration", migration);
        Add("status", Status(picture, time));
        foreach (var map in picture.Maps)
            Add(map.Label, Chunks(map));
        Add("console", pipeline.ExecutionUrl(execution.ExecutionArn));
        foreach (var (purpose, command) in Next(picture, environment))
            Add(purpose, command);
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>One line of a list of executions.</summary>
    public static string Short(Execution execution) => $"{execution.Status,-15} {Instant(execution.StartDate)}  {Name(execution)}";

    /// <summary>The commands that make sense next, with what each is for.</summary>
    public static IEnumerable<(string Purpose, string Command)> Next(ExecutionPicture picture, string environment)
    {
        var name = Name(picture.Execution);
        (string, string) To(string command) => (command, DeployedCommand.Line(command, environment, name));
        return picture.IsRunning ? [To("watch"), To("stop")]
            : picture.Execution.Status == ExecutionStatus.Succeeded ? [To("report")]
            : ExecutionEnd.NeverBegan(picture.Execution) ? []
            : [To("report"), To("redrive")];
    }

    /// <summary>The execution's name.</summary>
    public static string Name(Execution execution) => execution.Name ?? execution.ExecutionArn.Split(':')[^1];

    /// <summary>A duration as hours, minutes and seconds.</summary>
    public static string Duration(double seconds)
    {
        var duration = TimeSpan.FromSeconds(Math.Max(0, Math.Floor(seconds)));
        return string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalHours:00}:{duration.Minutes:00}:{duration.Seconds:00}");
    }

    /// <summary>Seconds since 1970, now.</summary>
    public static double Now(TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private static string Status(ExecutionPicture picture, TimeProvider time)
    {
        var execution = picture.Execution;
        if (picture.IsRunning)
        {
            var place = picture.State is { } state ? $" in {state}" : "";
            return $"{execution.Status}{place}, started {Instant(execution.StartDate)}, {Duration(Now(time) - execution.StartDate)} ago";
        }
        var lasted = Duration((execution.StopDate ?? execution.StartDate) - execution.StartDate);
        return $"{execution.Status} after {lasted}, started {Instant(execution.StartDate)}\n{ExecutionEnd.Sentence(execution)}";
    }

    private static string Instant(double seconds) =>
        DateTimeOffset.FromUnixTimeSeconds((long)seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
