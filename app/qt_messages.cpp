#include "app/qt_messages.h"

#include <unistd.h>

#include <QCoreApplication>
#include <cstdio>

namespace attnviz {
namespace {

Terminal* receiver = nullptr;

void take(QtMsgType type, const QMessageLogContext&, const QString& text) {
    if (type != QtFatalMsg) {
        receiver->detail("Qt: " + text.toStdString());
        return;
    }
    // Before there is an application, what is fatal is that no platform can be reached.
    receiver->error(QCoreApplication::instance() && !QCoreApplication::startingUp()
                        ? internalError(text.toStdString(), "Qt")
                        : noDisplay());
    std::fflush(nullptr);
    ::_exit(1);
}

}  // namespace

Error noDisplay() {
    return unsupported("there is no display to show the window on", {},
                       "'attention-viz visualize --text TEXT --output FILE.html' writes a page, and "
                       "--screenshot FILE.png what "
                       "the window would show.");
}

QtMessages::QtMessages(Terminal& terminal) {
    receiver = &terminal;
    qInstallMessageHandler(&take);
}

QtMessages::~QtMessages() {
    qInstallMessageHandler(nullptr);
    receiver = nullptr;
}

}  // namespace attnviz
