// The real program, run from the outside: arguments in, exit code and both streams out.
#pragma once

#include <QProcess>
#include <QProcessEnvironment>
#include <QString>
#include <QStringList>

namespace attnviz::test {

struct ProgramOutcome {
    int code = -1;
    bool crashed = false;
    QString out, err;
};

struct ProgramSetting {
    QByteArray input;
    QString folder;                            // working directory; empty: the test's own
    QList<QPair<QString, QString>> variables;  // added to the environment; an empty value removes
    QString wrapper;                           // a shell line that sets limits first: "ulimit -f 8"
    int timeoutSeconds = 120;
};

ProgramOutcome runProgram(const QStringList& arguments, const ProgramSetting& setting = {});

}  // namespace attnviz::test
