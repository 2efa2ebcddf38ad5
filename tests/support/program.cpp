#include "tests/support/program.h"

#include <QtGlobal>

namespace attnviz::test {

ProgramOutcome runProgram(const QStringList& arguments, const ProgramSetting& setting) {
    QProcess process;
    auto environment = QProcessEnvironment::systemEnvironment();
    for (const auto& [name, value] : setting.variables) {
        if (value.isEmpty())
            environment.remove(name);
        else
            environment.insert(name, value);
    }
    process.setProcessEnvironment(environment);
    if (!setting.folder.isEmpty()) process.setWorkingDirectory(setting.folder);
    const QString program = qEnvironmentVariable("ATTNVIZ_BIN");
    if (setting.wrapper.isEmpty()) {
        process.start(program, arguments);
    } else {
        QStringList words{"-c", setting.wrapper + "; exec \"$0\" \"$@\"", program};
        process.start("/bin/bash", words + arguments);
    }
    process.write(setting.input);
    process.closeWriteChannel();
    ProgramOutcome outcome;
    if (!process.waitForFinished(setting.timeoutSeconds * 1000)) {
        process.kill();
        process.waitForFinished();
        outcome.crashed = true;
        outcome.err = "no end within " + QString::number(setting.timeoutSeconds) + " s";
        return outcome;
    }
    outcome.crashed = process.exitStatus() != QProcess::NormalExit;
    outcome.code = process.exitCode();
    outcome.out = QString::fromUtf8(process.readAllStandardOutput());
    outcome.err = QString::fromUtf8(process.readAllStandardError());
    return outcome;
}

}  // namespace attnviz::test
