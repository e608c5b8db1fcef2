using Microsoft.Extensions.Logging;

namespace Cli;

/// <summary>Log lines on standard error.</summary>
/// <param name="minimum">The least that is shown.</param>
internal sealed class ConsoleLogger(LogLevel minimum) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Console.Error.WriteLine($"{(logLevel >= LogLevel.Warning ? "warning: " : "")}{formatter(state, exception)}");
    }
}
