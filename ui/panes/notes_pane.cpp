// Notes: what a person writes beside the run; kept in the session.
#include <QCoreApplication>
#include <QPlainTextEdit>
#include <QVBoxLayout>

#include "ui/panes/panes.h"
#include "ui/state/workspace.h"

namespace attnviz::ui {
namespace {

class NotesPane final : public QWidget {
 public:
    NotesPane(Workspace& workspace, QWidget* parent) : QWidget(parent) {
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(8, 8, 8, 8);
        auto* edit = new QPlainTextEdit(this);
        edit->setPlaceholderText(
            QCoreApplication::translate("NotesPane", "Notes on this run, saved with the session"));
        edit->setAccessibleName(QCoreApplication::translate("NotesPane", "Notes"));
        edit->setTabChangesFocus(true);
        column->addWidget(edit);
        const auto show = [edit, &workspace] {
            const QSignalBlocker quiet(edit);
            edit->setEnabled(!workspace.isEmpty());
            edit->setPlainText(QString::fromStdString(workspace.session().notes));
        };
        connect(&workspace, &Workspace::runChanged, this, show);
        connect(edit, &QPlainTextEdit::textChanged, &workspace,
                [edit, &workspace] { workspace.setNotes(edit->toPlainText()); });
        show();
    }
};

QWidget* create(Workspace& workspace, QWidget* parent) {
    return new NotesPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kNotesPane{.id = "notes",
                                       .title = QT_TRANSLATE_NOOP("Pane", "Notes"),
                                       .accessible = QT_TRANSLATE_NOOP("Pane", "Notes kept with the session"),
                                       .place = PanePlace::rightBottom,
                                       .openAtFirst = false,
                                       .create = &create};

}  // namespace attnviz::ui
