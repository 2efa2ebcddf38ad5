// How a model writes on: how many tokens, the likeliest or drawn, and by what. Opens below its button, closes
// by Escape or a click elsewhere.
#pragma once

#include <QFrame>

#include "core/model/text_generation.h"

class QDoubleSpinBox;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace attnviz::ui {

class Segments;

class ContinuePopup final : public QFrame {
    Q_OBJECT
 public:
    explicit ContinuePopup(const Generation& start, QWidget* parent = nullptr);
    Generation generation() const;  // values of drawing are there even where the likeliest is chosen
    void openBelow(const QWidget& button);

 signals:
    void chosen(const attnviz::Generation& generation);

 private:
    void showChoice();
    void choose();

    QSpinBox *m_tokens, *m_topK;
    Segments* m_method;
    QWidget* m_drawing;  // what counts only where tokens are drawn
    QDoubleSpinBox *m_temperature, *m_topP;
    QLineEdit* m_seed;
    QPushButton* m_go;
};

}  // namespace attnviz::ui
