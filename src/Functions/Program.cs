using System.Runtime.InteropServices;
using Functions;
using Functions.Logs;
using Functions.Runtime;

var time = TimeProvider.System;
HeapLimit.Set(Settings.MemoryMegabytes());
using var output = Console.OpenStandardOutput();
var logger = new JsonLogger(output, Settings.LogLevel(), time);
using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
using var loop = new RuntimeLoop(Settings.RuntimeApi(), logger);
return await loop.RunAsync(() => Binding.Create(Settings.Read(), logger, time), stop.Token);
